#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan::reference {

inline double distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) sum += (double{a[d]} - b[d]) * (double{a[d]} - b[d]);
  return std::sqrt(sum);
}

/// Place of the most typical of the given rows (Hacohen et al. 2022, equation 1), ties to the
/// first, and its typicality (0 where it is alone).
inline std::size_t most_typical(MatrixView<const float> x, std::span<const Index> rows,
                                double& typicality) {
  const std::size_t neighbors = std::min<std::size_t>(20, rows.size() / 2);
  std::size_t best = 0;
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<double> distances;
    for (std::size_t j = 0; j < rows.size(); ++j) {
      if (j != i) distances.push_back(distance(x.row(rows[i]), x.row(rows[j])));
    }
    std::sort(distances.begin(), distances.end());
    double mean = 0;
    for (std::size_t k = 0; k < neighbors; ++k) {
      mean += distances[k] / static_cast<double>(neighbors);
    }
    if (mean < smallest) {
      smallest = mean;
      best = i;
    }
  }
  typicality = neighbors == 0 ? 0.0 : 1.0 / smallest;
  return best;
}

/// TypiClust with the clusters given: one pick after the other, everything from scratch each time.
inline std::vector<Index> typiclust(MatrixView<const float> x, std::span<const Index> labeled,
                                    std::span<const Index> unlabeled, std::size_t batch,
                                    std::span<const std::uint32_t> cluster_of_row,
                                    std::vector<double>& scores) {
  std::size_t clusters = 0;
  for (const auto c : cluster_of_row) clusters = std::max<std::size_t>(clusters, c + 1);
  std::vector<std::size_t> labels(clusters), sizes(clusters);
  std::vector<std::vector<Index>> left(clusters);
  for (const Index row : labeled) ++labels[cluster_of_row[row]], ++sizes[cluster_of_row[row]];
  for (const Index row : unlabeled) {
    ++sizes[cluster_of_row[row]];
    left[cluster_of_row[row]].push_back(row);
  }
  std::vector<std::size_t> order;
  for (std::size_t c = 0; c < clusters; ++c) {
    if (sizes[c] > 5) order.push_back(c);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return labels[a] != labels[b] ? labels[a] < labels[b] : sizes[a] > sizes[b];
  });
  std::vector<Index> picks;
  for (std::size_t turn = 0; picks.size() < batch; ++turn) {
    std::vector<Index>& members = left[order[turn % order.size()]];
    if (members.empty()) continue;
    double typicality = 0;
    const std::size_t best = most_typical(x, members, typicality);
    picks.push_back(members[best]);
    scores.push_back(typicality);
    members.erase(members.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return picks;
}

}  // namespace goldpan::reference
