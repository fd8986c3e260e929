#pragma once

#include <cstdint>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>

namespace goldpan {

/// Overlapping Gaussian classes, with correlated columns.
struct Clusters {
  Matrix<float> embeddings;
  std::vector<std::int32_t> labels;
  std::vector<Index> rows;  // all of them
};

inline Clusters make_clusters(std::size_t rows, std::size_t dim, std::size_t classes,
                              std::uint64_t seed, double distance = 1.0) {
  const Generator root(seed);
  Generator of_centers = root.stream("centers"), noise = root.stream("noise");
  Matrix<double> centers(classes, dim);
  for (std::size_t i = 0; i < centers.size(); ++i) {
    centers.data()[i] = distance * of_centers.normal();
  }
  Clusters clusters{Matrix<float>(rows, dim), {}, {}};
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t label = noise.below(classes);
    const double common = noise.normal();
    for (std::size_t j = 0; j < dim; ++j) {
      clusters.embeddings(i, j) =
          static_cast<float>(centers(label, j) + noise.normal() + 0.5 * common);
    }
    clusters.labels.push_back(static_cast<std::int32_t>(label));
    clusters.rows.push_back(static_cast<Index>(i));
  }
  return clusters;
}

}  // namespace goldpan
