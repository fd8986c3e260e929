#pragma once

#include <cstddef>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// Rows of the left factor in one task of multiply. (Rounding would not depend on it: see
/// product.hpp.)
inline constexpr std::size_t kProductRows = 1024;

/// out (M x N) = alpha * a (M x K) * b^T (N x K) + beta * out, on one thread. Safe to call
/// from several threads.
void multiply_transposed(MatrixView<const float> a, MatrixView<const float> b,
                         MatrixView<float> out, float alpha = 1.0f, float beta = 0.0f);
/// out (M x N) = alpha * a (M x K) * b (K x N) + beta * out, on one thread.
void multiply(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> out,
              float alpha = 1.0f, float beta = 0.0f);
/// out (M x N) = alpha * a^T (K x M) * b (K x N) + beta * out, on one thread.
void multiply_left_transposed(MatrixView<const float> a, MatrixView<const float> b,
                              MatrixView<float> out, float alpha = 1.0f, float beta = 0.0f);

/// multiply_transposed in blocks of kProductRows rows of `a`, spread over the workers.
void multiply_transposed(MatrixView<const float> a, MatrixView<const float> b,
                         MatrixView<float> out, Workers& workers);

/// Before a call of OpenBLAS or LAPACK itself: rounding must not depend on how many threads it
/// would take. Throws Error where there is no room for its buffers: it would wait for ever.
void prepare_blas();

}  // namespace goldpan
