#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/models/classifier.hpp>
#include <goldpan/models/linear_head.hpp>

#include "models/scaled_inputs.hpp"

namespace goldpan {

/// Softmax regression: linear_head.cpp. `state` null: not trained yet.
std::unique_ptr<Head> make_linear_head(const Embeddings& embeddings, std::size_t classes,
                                       const HeadOptions& options, const HeadState* state);
/// One hidden layer: hidden_head.cpp.
std::unique_ptr<Head> make_hidden_head(const Embeddings& embeddings, std::size_t classes,
                                       const HeadOptions& options, const HeadState* state);

/// Throws Error if a head of `expected` columns is asked about embeddings of others.
void check_columns(const Embeddings& embeddings, std::size_t expected);

/// One row of a HeadState and back.
Matrix<float> as_row(std::span<const float> values);
std::vector<float> from_row(const Matrix<float>& row);
/// The named matrix of a state. Throws Error if it is missing or has another shape.
const Matrix<float>& stored(const HeadState& state, const std::string& name, std::size_t rows,
                            std::size_t cols);

/// What a head is trained on, checked and put in order.
struct TrainingSet {
  std::vector<Index> rows;           ///< ascending
  std::vector<std::int32_t> labels;  ///< of these rows
  std::vector<float> weights;        ///< of mean 1, or empty: all 1
};

/// Checks the arguments of Classifier::fit and sorts them by row, so that a model depends on which
/// rows were labelled, not on when. Throws Error as Classifier::fit and make_head say.
TrainingSet make_training_set(const Embeddings& embeddings, std::size_t classes,
                              std::span<const Index> rows, std::span<const std::int32_t> labels,
                              std::span<const float> weights);

/// Calls body(block of `rows`, their scaled inputs, first position) for fixed blocks of rows over
/// the workers.
void for_scaled_blocks(
    const Embeddings& embeddings, const ColumnScales& scales, std::span<const Index> rows,
    Workers& workers,
    const std::function<void(MatrixView<const float> inputs, std::size_t begin)>& body);

}  // namespace goldpan
