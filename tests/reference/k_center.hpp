#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/strategies/strategy.hpp>

#include "reference/distance.hpp"

namespace goldpan::reference {

/// Farthest-first as METHODS defines it: every distance is computed, every pick looks at every row.
inline Selection k_center(MatrixView<const float> x, std::span<const Index> labeled,
                          std::span<const Index> unlabeled, std::size_t batch) {
  const std::size_t dims = x.cols();
  std::vector<float> nearest(unlabeled.size(), std::numeric_limits<float>::infinity());
  std::vector<bool> taken(unlabeled.size(), false);
  const auto add_center = [&](Index center) {
    for (std::size_t i = 0; i < unlabeled.size(); ++i) {
      const float d = squared_distance(x.row(unlabeled[i]).data(), x.row(center).data(), dims);
      if (d < nearest[i]) nearest[i] = d;
    }
  };
  Selection selection;
  const auto take = [&](std::size_t i, float squared) {
    taken[i] = true;
    selection.indices.push_back(unlabeled[i]);
    selection.scores.push_back(std::sqrt(static_cast<double>(squared)));
    add_center(unlabeled[i]);
  };

  for (const Index row : labeled) add_center(row);
  if (labeled.empty() && batch > 0) {
    std::vector<float> mean(dims);
    for (std::size_t d = 0; d < dims; ++d) {
      double sum = 0;
      for (const Index row : unlabeled) sum += x(row, d);
      mean[d] = static_cast<float>(sum / static_cast<double>(unlabeled.size()));
    }
    std::size_t first = 0;
    float smallest = std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < unlabeled.size(); ++i) {
      const float d = squared_distance(x.row(unlabeled[i]).data(), mean.data(), dims);
      if (d < smallest) {
        smallest = d;
        first = i;
      }
    }
    take(first, smallest);
  }
  while (selection.indices.size() < batch) {
    std::size_t best = unlabeled.size();
    for (std::size_t i = 0; i < unlabeled.size(); ++i) {
      if (!taken[i] && (best == unlabeled.size() || nearest[i] > nearest[best])) best = i;
    }
    take(best, nearest[best]);
  }
  return selection;
}

}  // namespace goldpan::reference
