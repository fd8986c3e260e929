#pragma once

#include <cstddef>
#include <span>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// Statistics of rows of class probabilities, at the speed of memory. Single-threaded: callers cut
/// blocks. A row's result depends on its values alone, never on its place in the block, and sums of
/// float terms are kept in double, where they are all but exact: equal rows, and rows that are
/// permutations of each other, tie.

/// out[r] = -sum_c p_c ln p_c in nats, with 0 ln 0 = 0. Requires: values in [0, 1].
void row_entropies(MatrixView<const float> rows, std::span<double> out);

/// largest[r] and second[r] = the two largest values of row r; a row of one column has second 0.
void row_two_largest(MatrixView<const float> rows, std::span<float> largest,
                     std::span<float> second);

/// BALD (Houlsby et al. 2011) of rows of K passes over C classes each: row r holds p^k_c at
/// k * classes + c, and out[r] = H(mean_k p^k) - mean_k H(p^k) in nats, clipped at 0.
/// Requires: rows.cols() is a multiple of `classes`.
void row_mutual_information(MatrixView<const float> rows, std::size_t classes,
                            std::span<double> out);

}  // namespace goldpan
