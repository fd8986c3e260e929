#include "strategies/closest_to_mean.hpp"

#include <algorithm>
#include <vector>

#include "kernels/distance.hpp"

namespace goldpan {
namespace {

/// Calls body(candidate, its row as float32) for each candidate of a task.
template <typename Body>
void for_rows(const Embeddings& embeddings, std::span<const Index> candidates, std::size_t begin,
              std::size_t end, const Body& body) {
  std::vector<float> buffer(embeddings.is_half() ? embeddings.cols() : 0);
  for (std::size_t i = begin; i < end; ++i) {
    body(i, embeddings.read_rows(candidates[i], 1, buffer.data()).data());
  }
}

std::vector<float> mean_of(const Embeddings& embeddings, std::span<const Index> candidates,
                           Workers& workers) {
  const std::size_t dims = embeddings.cols();
  Matrix<double> sums((candidates.size() + kMeanBlock - 1) / kMeanBlock, dims);
  workers.for_blocks(candidates.size(), kMeanBlock, [&](std::size_t begin, std::size_t end) {
    const auto sum = sums.row(begin / kMeanBlock);
    for_rows(embeddings, candidates, begin, end, [&](std::size_t, const float* row) {
      for (std::size_t d = 0; d < dims; ++d) sum[d] += row[d];
    });
  });
  std::vector<float> mean(dims);
  for (std::size_t d = 0; d < dims; ++d) {
    double sum = 0;
    for (std::size_t task = 0; task < sums.rows(); ++task) sum += sums(task, d);
    mean[d] = static_cast<float>(sum / static_cast<double>(candidates.size()));
  }
  return mean;
}

}  // namespace

ClosestToMean closest_to(const Embeddings& embeddings, std::span<const Index> candidates,
                         std::span<const float> point, Workers& workers) {
  std::vector<float> distances(candidates.size());
  workers.for_blocks(candidates.size(), kMeanBlock, [&](std::size_t begin, std::size_t end) {
    for_rows(embeddings, candidates, begin, end, [&](std::size_t i, const float* row) {
      distances[i] = squared_distance(row, point.data(), point.size());
    });
  });
  const auto closest = std::min_element(distances.begin(), distances.end());
  return {static_cast<std::size_t>(closest - distances.begin()), *closest};
}

ClosestToMean closest_to_mean(const Embeddings& embeddings, std::span<const Index> candidates,
                              Workers& workers) {
  return closest_to(embeddings, candidates, mean_of(embeddings, candidates, workers), workers);
}

}  // namespace goldpan
