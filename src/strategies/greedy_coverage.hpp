#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

/// How much of a row its covering one stands for, from 0 to 1: e^(-(|x - y| / radius)^2) of unit
/// rows; radius 0: (1 + cosine) / 2.
struct CoverageKernel {
  double radius = 1;
};

/// Greedy maximisation of mean_x w(x) max_s k(x, s) over the unlabelled rows x, s the labelled rows
/// and the picks: `batch` times the row of largest gain mean_x w(x) max(0, k(u, x) - reached(x)),
/// ties to the lowest row. Rows are brought to length 1 first; a row of zeros stays one. The
/// labelled rows are covered by themselves and gain nothing, so that a mean over them too has the
/// same picks. Scores are gains, over |L| + |U|.
///
/// The picks of the plain algorithm, without an N x N matrix: gains only fall as picks are added,
/// so that old ones are bounds, and once the pool is covered well enough that a row gains on few
/// others, those few are kept in a list. A gain is exact for the similarities as computed in float
/// (see kernels/coverage.hpp): rows whose gains differ by less than float rounding may come in
/// another order than in exact arithmetic.
///
/// `weights`: one for each of pool.unlabeled, from 0 to 1; empty: 1 each. Memory: a copy of the
/// rows, and lists of at most 2^24 pairs.
Selection cover_greedily(const Pool& pool, std::size_t batch, const CoverageKernel& kernel,
                         std::span<const float> weights, const Progress& progress,
                         Workers& workers);

/// The unlabelled rows of a shard, and how well rows that may lie elsewhere cover them. Gains are
/// whole numbers of kCoverageUnit, so that those of several shards add up to those of the pool to
/// the last bit, however it is cut. Rows are brought to length 1 here.
class ShardCoverage {
 public:
  /// Nothing is covered yet. `weights` as cover_greedily takes them. The pool's views must outlive
  /// this.
  ShardCoverage(const Pool& pool, const CoverageKernel& kernel, std::span<const float> weights,
                Workers& workers);
  ~ShardCoverage();
  ShardCoverage(const ShardCoverage&) = delete;
  ShardCoverage& operator=(const ShardCoverage&) = delete;

  void cover(MatrixView<const float> rows);
  /// cover_greedily() around what covers by now, for this shard alone; scores are sums, not means.
  /// Covers nothing.
  Selection pick(std::size_t batch);
  /// What each of the rows would gain.
  std::vector<std::int64_t> gains(MatrixView<const float> rows) const;
  /// What the first sizes[0] rows would gain together, the next sizes[1], ...
  std::vector<std::int64_t> gains_together(MatrixView<const float> rows,
                                           std::span<const std::size_t> sizes) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The smallest distance above `floor` of two of the rows at length 1; 0 if there is none.
double smallest_distance(const Embeddings& embeddings, std::span<const Index> rows, double floor,
                         Workers& workers);

}  // namespace goldpan
