#include "models/heads.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kBlockRows = 256;

std::unique_ptr<Head> make(const Embeddings& embeddings, std::size_t classes,
                           const HeadOptions& options, const HeadState* state) {
  if (classes == 0) throw Error("head", "got 0 classes, expected at least 1");
  if (!(options.dropout >= 0 && options.dropout < 1)) {
    throw Error("dropout",
                "got " + std::to_string(options.dropout) + ", expected a share in [0, 1)");
  }
  if (!(options.weight_decay >= 0) || !std::isfinite(options.weight_decay)) {
    throw Error("weight_decay",
                "got " + std::to_string(options.weight_decay) + ", expected 0 or more");
  }
  return options.hidden == 0 ? make_linear_head(embeddings, classes, options, state)
                             : make_hidden_head(embeddings, classes, options, state);
}

}  // namespace

std::unique_ptr<Head> make_head(const Embeddings& embeddings, std::size_t classes,
                                const HeadOptions& options) {
  if (embeddings.empty()) {
    throw Error("head", "got embeddings of " + std::to_string(embeddings.rows()) + " x " +
                            std::to_string(embeddings.cols()) + ", expected at least 1 x 1");
  }
  return make(embeddings, classes, options, nullptr);
}

std::unique_ptr<Head> head_from(const HeadState& state, const Embeddings& embeddings,
                                std::size_t classes, const HeadOptions& options) {
  return make(embeddings, classes, options, &state);
}

void check_columns(const Embeddings& embeddings, std::size_t expected) {
  if (embeddings.cols() != expected) {
    throw Error("head", "got embeddings of " + std::to_string(embeddings.cols()) +
                            " columns, expected the " + std::to_string(expected) +
                            " that the head was trained on");
  }
}

Matrix<float> as_row(std::span<const float> values) {
  Matrix<float> row(1, values.size());
  std::ranges::copy(values, row.data());
  return row;
}

std::vector<float> from_row(const Matrix<float>& row) {
  return {row.data(), row.data() + row.size()};
}

const Matrix<float>& stored(const HeadState& state, const std::string& name, std::size_t rows,
                            std::size_t cols) {
  const auto found = state.find(name);
  if (found == state.end()) throw Error("head state", "got no '" + name + "', expected one");
  if (found->second.rows() != rows || found->second.cols() != cols) {
    throw Error("head state", "got '" + name + "' of " + std::to_string(found->second.rows()) +
                                  " x " + std::to_string(found->second.cols()) + ", expected " +
                                  std::to_string(rows) + " x " + std::to_string(cols));
  }
  return found->second;
}

TrainingSet make_training_set(const Embeddings& embeddings, std::size_t classes,
                              std::span<const Index> rows, std::span<const std::int32_t> labels,
                              std::span<const float> weights) {
  if (rows.empty()) throw Error("head", "got no labelled rows, expected at least one");
  if (labels.size() != rows.size() || (!weights.empty() && weights.size() != rows.size())) {
    throw Error("head", "got " + std::to_string(rows.size()) + " rows, " +
                            std::to_string(labels.size()) + " labels and " +
                            std::to_string(weights.size()) +
                            " weights, expected one label a row, and one weight or none at all");
  }
  double total = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto of_row = [&](const std::string& what) {
      return "got " + what + " for row " + std::to_string(rows[i]) + ", expected ";
    };
    if (rows[i] >= embeddings.rows()) {
      throw Error("rows", "got row " + std::to_string(rows[i]) + ", expected less than " +
                              std::to_string(embeddings.rows()));
    }
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes) {
      throw Error("labels", of_row("label " + std::to_string(labels[i])) + "0 to " +
                                std::to_string(classes - 1));
    }
    if (weights.empty()) continue;
    if (!(weights[i] >= 0) || !std::isfinite(weights[i])) {
      throw Error("weights", of_row("weight " + std::to_string(weights[i])) + "0 or more");
    }
    total += weights[i];
  }
  if (!weights.empty() && total <= 0) {
    throw Error("weights", "got only zeros, expected a positive weight");
  }

  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return rows[i]; });
  TrainingSet set;
  const double scale = static_cast<double>(rows.size()) / total;
  for (const std::size_t i : order) {
    set.rows.push_back(rows[i]);
    set.labels.push_back(labels[i]);
    if (!weights.empty()) set.weights.push_back(static_cast<float>(weights[i] * scale));
  }
  return set;
}

void for_scaled_blocks(
    const Embeddings& embeddings, const ColumnScales& scales, std::span<const Index> rows,
    Workers& workers,
    const std::function<void(MatrixView<const float> inputs, std::size_t begin)>& body) {
  workers.for_blocks(rows.size(), kBlockRows, [&](std::size_t begin, std::size_t end) {
    Matrix<float> inputs(end - begin, embeddings.cols());
    scales.gather(embeddings, rows.subspan(begin, end - begin), inputs);
    body(inputs, begin);
  });
}

}  // namespace goldpan
