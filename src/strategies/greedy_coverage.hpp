#pragma once

#include <cstddef>
#include <span>

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

/// The smallest distance above `floor` of two of the rows at length 1; 0 if there is none.
double smallest_distance(const Embeddings& embeddings, std::span<const Index> rows, double floor,
                         Workers& workers);

}  // namespace goldpan
