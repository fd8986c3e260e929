#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>

#include "reference/typiclust.hpp"

namespace goldpan::reference {

/// ProbCover with the radius given, everything recounted for each pick; stops when nothing is left
/// to cover.
inline std::vector<Index> prob_cover(MatrixView<const float> x, std::span<const Index> labeled,
                                     std::span<const Index> unlabeled, std::size_t batch,
                                     double radius, std::vector<double>& counts) {
  std::vector<bool> covered(x.rows(), false), picked(x.rows(), false);
  const auto cover = [&](Index center) {
    for (std::size_t y = 0; y < x.rows(); ++y) {
      if (distance(x.row(center), x.row(y)) < radius) covered[y] = true;
    }
  };
  for (const Index row : labeled) cover(row);
  std::vector<Index> picks;
  while (picks.size() < batch) {
    std::size_t most = 0;
    Index best = 0;
    for (const Index row : unlabeled) {
      if (picked[row]) continue;
      std::size_t count = 0;
      for (std::size_t y = 0; y < x.rows(); ++y) {
        count += !covered[y] && distance(x.row(row), x.row(y)) < radius;
      }
      if (count > most) {
        most = count;
        best = row;
      }
    }
    if (most == 0) break;
    picks.push_back(best);
    counts.push_back(static_cast<double>(most));
    picked[best] = true;
    cover(best);
  }
  return picks;
}

}  // namespace goldpan::reference
