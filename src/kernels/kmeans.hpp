#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/progress.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

struct KMeansOptions {
  /// Clusters; fewer where there are fewer rows.
  std::size_t clusters = 10;
  /// Passes over all rows at most.
  int iterations = 25;
  /// Stops when the sum of squared distances falls by less than this share of itself.
  double tolerance = 1e-4;
  /// The centers are first brought near their places on this many rows a cluster, which takes a
  /// fraction of the passes over all of them. 0: no such warm start.
  std::size_t warm_rows = 16;
  Progress progress = {};
};

struct KMeans {
  /// K x D.
  Matrix<float> centers;
  /// The nearest center of each row, ties to the lowest, and the squared distance to it.
  std::vector<std::uint32_t> assignment;
  std::vector<float> squared_distances;
  /// Sum of the squared distances.
  double inertia = 0;
  int iterations = 0;
  bool converged = false;
};

/// Lloyd's algorithm from k-means++ seeds (Arthur & Vassilvitskii 2007), on the named rows;
/// assignment[i] belongs to rows[i]. The same for any number of workers. A cluster that loses all
/// its rows moves to the row farthest from its own center. FAISS' k-means depends on the number of
/// threads and samples large inputs: hence this one (docs/decisions/0050-own-kmeans.md).
KMeans kmeans(const Embeddings& points, std::span<const Index> rows, const KMeansOptions& options,
              Generator& generator, Workers& workers);

/// As above, on all rows.
KMeans kmeans(const Embeddings& points, const KMeansOptions& options, Generator& generator,
              Workers& workers);

}  // namespace goldpan
