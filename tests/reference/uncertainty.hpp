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

/// Expected information that row `p` gives about each of the targets (K passes over C classes
/// each), averaged: the joint probabilities one by one.
inline double epig(std::span<const float> p, const std::vector<std::vector<float>>& targets,
                   std::size_t classes) {
  const std::size_t passes = p.size() / classes;
  const auto mean = [&](std::span<const float> of, std::size_t c) {
    double sum = 0;
    for (std::size_t k = 0; k < passes; ++k) sum += of[k * classes + c];
    return sum / static_cast<double>(passes);
  };
  const auto term = [](double value) { return value > 0 ? value * std::log(value) : 0.0; };
  double total = 0;
  for (const std::vector<float>& target : targets) {
    for (std::size_t y = 0; y < classes; ++y) {
      total -= term(mean(p, y)) + term(mean(target, y));
      for (std::size_t z = 0; z < classes; ++z) {
        double joint = 0;
        for (std::size_t k = 0; k < passes; ++k) {
          joint += double{p[k * classes + y]} * target[k * classes + z];
        }
        total += term(joint / static_cast<double>(passes));
      }
    }
  }
  return total / static_cast<double>(targets.size());
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
