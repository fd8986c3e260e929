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
#include "session/importance_weights.hpp"

namespace goldpan::label {

/// Twenty folds (fewer with less labels, ten from 2,000 on): each model has nineteen twentieths of
/// the labels and is hardly worse than one on all of them. Drawn from the seed and the number of
/// labels. Requires: at least two labels.
OutOfFold cross_validate(const Embeddings& embeddings, std::size_t classes,
                         const Labelled& labelled, std::uint64_t seed, Workers& workers);

/// Wilson's interval (1927) with the continuity correction (Newcombe 1998, method 4) at 95 % for a
/// share `share` seen in `count` draws; `count` may be an effective size. Without the correction it
/// reaches 95 % on average only; with it hardly ever less, which pays for what no interval of draws
/// knows: that one set of labels trains all folds.
Estimate wilson(double share, double count);

/// The accuracy over the closed reserves alone, and over the pool from all answers by
/// importance_weights; `batches` hold labelled rows only. Empty where nothing was drawn at random.
/// The interval is that of the random part: rows taken for certain have no sampling error.
std::optional<Estimate> reserve_accuracy(const Labelled& labelled, const OutOfFold& folds,
                                         const std::vector<SampledBatch>& batches);
std::optional<Estimate> pool_accuracy(const Labelled& labelled, const OutOfFold& folds,
                                      const std::vector<SampledBatch>& batches,
                                      std::size_t pool_size);

/// Given labels that the model, trained without them, doubts, most doubtful first: those where
/// another class is predicted with at least the mean confidence that items given that class get
/// (confident learning: Northcutt, Jiang and Chuang 2021).
std::vector<Suspicion> find_suspicions(const Labelled& labelled, const OutOfFold& folds);

}  // namespace goldpan::label
