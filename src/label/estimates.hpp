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

#include "session/importance_weights.hpp"

namespace goldpan::label {

/// What is labelled: rows ascending, a label each.
struct Labelled {
  std::vector<Index> rows;
  std::vector<std::int32_t> labels;
};

/// Every label predicted by a model that was trained without it.
struct OutOfFold {
  Matrix<float> probabilities;  ///< n x C, tempered
  std::vector<std::uint8_t> right;
  double temperature = 1;
};

/// Ten folds (fewer with less than ten labels), drawn from the seed and the number of labels.
/// Requires: at least two labels.
OutOfFold cross_validate(const Embeddings& embeddings, std::size_t classes,
                         const Labelled& labelled, std::uint64_t seed, Workers& workers);

/// Wilson's interval (1927) at 95 % for a share `share` seen in `count` draws; `count` may be an
/// effective size.
Estimate wilson(double share, double count);

/// The accuracy over the closed reserves alone, and over the pool from all answers by
/// importance_weights; `batches` hold labelled rows only. Empty where nothing was drawn at random.
/// The interval is that of the random part: rows taken for certain have no sampling error.
std::optional<Estimate> reserve_accuracy(const Labelled& labelled, const OutOfFold& folds,
                                         const std::vector<SampledBatch>& batches);
std::optional<Estimate> pool_accuracy(const Labelled& labelled, const OutOfFold& folds,
                                      const std::vector<SampledBatch>& batches,
                                      std::size_t pool_size);

/// What `more` further labels are expected to bring: the accuracy is taken to grow with the
/// logarithm of the number of labels; its slope is seen in models trained on a quarter, on half and
/// on nine tenths of the labels, each judged on labels it has not seen, weighted as in
/// pool_accuracy. The interval is that of the slope's mean over the judged rows (1.96 standard
/// errors). Empty below 40 labels or without weights.
std::optional<Estimate> expected_gain(const Embeddings& embeddings, std::size_t classes,
                                      const Labelled& labelled, const OutOfFold& folds,
                                      const std::vector<SampledBatch>& batches,
                                      std::size_t pool_size, std::size_t more, std::uint64_t seed,
                                      Workers& workers);

/// Given labels that the model, trained without them, doubts, most doubtful first: those where
/// another class is predicted with at least the mean confidence that items given that class get
/// (confident learning: Northcutt, Jiang and Chuang 2021).
std::vector<Suspicion> find_suspicions(const Labelled& labelled, const OutOfFold& folds);

}  // namespace goldpan::label
