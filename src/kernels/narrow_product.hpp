#pragma once

#include <cstddef>
#include <span>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// Columns of a narrow matrix are padded to a multiple of this: the widest vector of any target, so
/// that a padded matrix looks the same on every machine.
inline constexpr std::size_t kNarrowLanes = 16;

/// The padded width of `cols` columns.
constexpr std::size_t padded_width(std::size_t cols) {
  return (cols + kNarrowLanes - 1) / kNarrowLanes * kNarrowLanes;
}

// Products of a tall matrix with a narrow one, as a linear classifier makes them: N x 384 times
// 384 x 10. BLAS packs its operands for square shapes and loses most of its speed here; these
// kernels keep a tile of 8 rows in registers and read the tall matrix once. They run on the calling
// thread, use no memory, and compute each output from its own row alone, in an order that depends
// on nothing else: cutting rows into blocks never changes a value.

/// out (R x C) = x (R x D) * weights (D x P) + bias (P), the first C <= P columns of it.
/// Requires: P a multiple of kNarrowLanes.
void multiply_narrow(MatrixView<const float> x, MatrixView<const float> weights,
                     std::span<const float> bias, MatrixView<float> out);

/// out (D x P) += x^T (D x R) * errors (R x P). Requires: P a multiple of kNarrowLanes.
void add_transposed_narrow(MatrixView<const float> x, MatrixView<const float> errors,
                           MatrixView<float> out);

}  // namespace goldpan
