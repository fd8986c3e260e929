#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/label/label_session.hpp>
#include <goldpan/models/linear_head.hpp>

#include "label/held_out.hpp"
#include "label/learning_curve.hpp"
#include "session/importance_weights.hpp"

namespace goldpan::label {

/// Ten folds (fewer with less than ten labels), drawn from the seed and the number of labels.
/// Requires: at least two labels.
OutOfFold cross_validate(const Embeddings& embeddings, std::size_t classes,
                         const Labelled& labelled, std::uint64_t seed, Workers& workers);

/// Wilson's interval (1927) at 95 % for a share `share` seen in `count` draws; `count` may be an
/// effective size.
Estimate wilson(double share, double count);

/// The accuracy over the closed reserves alone, and over the pool from all answers by
/// importance_weights; `batches` hold labelled rows only. Empty where nothing was drawn at random.
/// The interval is that of the random part: rows taken for certain have no sampling error. With a
/// curve, carried from the folds' models to one on all labels (carry_to_all_labels).
std::optional<Estimate> reserve_accuracy(const Labelled& labelled, const OutOfFold& folds,
                                         const std::vector<SampledBatch>& batches,
                                         const std::optional<LearningCurve>& curve);
std::optional<Estimate> pool_accuracy(const Labelled& labelled, const OutOfFold& folds,
                                      const std::vector<SampledBatch>& batches,
                                      std::size_t pool_size,
                                      const std::optional<LearningCurve>& curve);

/// Given labels that the model, trained without them, doubts, most doubtful first: those where
/// another class is predicted with at least the mean confidence that items given that class get
/// (confident learning: Northcutt, Jiang and Chuang 2021).
std::vector<Suspicion> find_suspicions(const Labelled& labelled, const OutOfFold& folds);

}  // namespace goldpan::label
