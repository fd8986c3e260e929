#pragma once

#include <cstddef>
#include <span>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// out[i] = |row i|^2.
void squared_norms(MatrixView<const float> rows, std::span<float> out);

/// out[i] = row i . vector.
void dot_rows(MatrixView<const float> rows, std::span<const float> vector, std::span<float> out);

/// out[i] = row i of a . row i of b.
void dot_pairs(MatrixView<const float> a, MatrixView<const float> b, std::span<float> out);

/// sums[d] += row[d].
void add_row(std::span<const float> row, std::span<double> sums);

}  // namespace goldpan
