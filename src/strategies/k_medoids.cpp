#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/strategies/detection.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 64;

/// Farthest first over a distance matrix, from `first`.
std::vector<Index> first_medoids(MatrixView<const float> distances, std::size_t count,
                                 Index first) {
  std::vector<Index> medoids = {first};
  std::vector<float> nearest(distances.row(first).begin(), distances.row(first).end());
  std::vector<char> taken(distances.rows());
  taken[first] = 1;
  while (medoids.size() < count) {
    std::size_t farthest = distances.rows();
    for (std::size_t i = 0; i < nearest.size(); ++i) {
      if (taken[i] != 0) continue;
      if (farthest == distances.rows() || nearest[i] > nearest[farthest]) farthest = i;
    }
    medoids.push_back(static_cast<Index>(farthest));
    taken[farthest] = 1;
    for (std::size_t i = 0; i < nearest.size(); ++i) {
      nearest[i] = std::min(nearest[i], distances(farthest, i));
    }
  }
  return medoids;
}

}  // namespace

std::vector<Index> k_medoids(MatrixView<const float> distances, std::size_t count, Index first,
                             int iterations, Workers& workers) {
  const std::size_t n = distances.rows();
  if (count == 0) return {};
  if (distances.cols() != n || count > n || first >= n) {
    throw Error("k_medoids", fmt::format("got {} medoids from {} of {} x {} distances", count,
                                         first, n, distances.cols()));
  }
  std::vector<Index> medoids = first_medoids(distances, count, first);
  std::ranges::sort(medoids);
  for (int iteration = 0; iteration < iterations; ++iteration) {
    std::vector<std::vector<Index>> clusters(count);
    std::vector<std::size_t> nearest(n);
    workers.for_blocks(n, kBlock, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        std::size_t best = 0;
        for (std::size_t c = 1; c < count; ++c) {
          if (distances(i, medoids[c]) < distances(i, medoids[best])) best = c;
        }
        nearest[i] = best;
      }
    });
    // A medoid stays with itself, even where others are at distance 0.
    for (std::size_t c = 0; c < count; ++c) nearest[medoids[c]] = c;
    for (std::size_t i = 0; i < n; ++i) clusters[nearest[i]].push_back(static_cast<Index>(i));
    std::vector<Index> updated(count);
    workers.for_blocks(count, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t c = begin; c < end; ++c) {
        double smallest = std::numeric_limits<double>::infinity();
        for (const Index candidate : clusters[c]) {
          double sum = 0;
          for (const Index member : clusters[c]) sum += distances(candidate, member);
          if (sum < smallest) {
            smallest = sum;
            updated[c] = candidate;
          }
        }
      }
    });
    std::ranges::sort(updated);
    if (updated == medoids) break;
    medoids = std::move(updated);
  }
  return medoids;
}

}  // namespace goldpan
