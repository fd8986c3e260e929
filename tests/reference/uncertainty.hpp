#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>

/// The definitions, one row at a time in double: slow and obvious.
namespace goldpan::reference {

inline double entropy(std::span<const float> p) {
  double sum = 0;
  for (const double value : p) {
    if (value > 0) sum -= value * std::log(value);
  }
  return sum;
}

/// Row of K passes over C classes at k * classes + c.
inline double mutual_information(std::span<const float> passes, std::size_t classes) {
  const std::size_t count = passes.size() / classes;
  double entropy_of_mean = 0, mean_entropy = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    double mean = 0;
    for (std::size_t k = 0; k < count; ++k) mean += passes[k * classes + c];
    mean /= static_cast<double>(count);
    if (mean > 0) entropy_of_mean -= mean * std::log(mean);
  }
  for (std::size_t k = 0; k < count; ++k) {
    mean_entropy += entropy(passes.subspan(k * classes, classes)) / static_cast<double>(count);
  }
  return std::max(0.0, entropy_of_mean - mean_entropy);
}

/// The rows with the largest scores, ties to the lowest, by sorting them all.
inline std::vector<Index> top(std::span<const Index> rows, std::span<const double> scores,
                              std::size_t count) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::vector<Index> best;
  for (std::size_t i = 0; i < count; ++i) best.push_back(rows[order[i]]);
  return best;
}

}  // namespace goldpan::reference
