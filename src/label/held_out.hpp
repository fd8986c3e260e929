#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>

#include "session/importance_weights.hpp"

namespace goldpan::label {

constexpr double kZ = 1.959963984540054;  ///< 97.5 % quantile of the normal distribution

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
  double share = 0;  ///< of the labels that each model was trained on
};

/// Logits of the labelled positions `test` by a head trained on the positions `train`.
Matrix<float> fit_and_predict(const Embeddings& embeddings, std::size_t classes,
                              const Labelled& labelled, std::span<const std::size_t> train,
                              std::span<const std::size_t> test, Workers& workers);

std::int32_t argmax(std::span<const float> row);

/// 0 to count - 1 in random order.
std::vector<std::size_t> shuffled(std::size_t count, Generator generator);

/// importance_weights, one a labelled position; empty where nothing was drawn at random.
std::vector<double> weights_of(const Labelled& labelled, const std::vector<SampledBatch>& batches,
                               std::size_t pool_size);

}  // namespace goldpan::label
