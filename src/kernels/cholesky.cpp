#include "kernels/cholesky.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <vector>

#include "kernels/product.hpp"

namespace goldpan {
namespace {

// Columns worked on together; what lies outside such a block is left to the product kernel.
constexpr std::size_t kBlock = 32;

/// The rows [begin, end) of the factor U = L^T, whose part right of the diagonal block is still
/// that of A less what earlier rows took. Returns false on a pivot that is not positive.
bool factor_rows(MatrixView<float> a, std::size_t begin, std::size_t end) {
  for (std::size_t k = begin; k < end; ++k) {
    const float pivot = a(k, k);
    if (!(pivot > 0) || !std::isfinite(pivot)) return false;
    const float inverse = 1.0f / std::sqrt(pivot);
    float* const row = a.data() + k * a.cols();
    for (std::size_t j = k; j < a.cols(); ++j) row[j] *= inverse;
    for (std::size_t i = k + 1; i < end; ++i) {
      const float factor = row[i];
      float* const below = a.data() + i * a.cols();
      for (std::size_t j = i; j < a.cols(); ++j) below[j] -= factor * row[j];
    }
  }
  return true;
}

/// The inverse of the upper triangle in the diagonal block [begin, end), in place.
void invert_block(MatrixView<float> a, std::size_t begin, std::size_t end) {
  for (std::size_t j = begin; j < end; ++j) {
    a(j, j) = 1.0f / a(j, j);
    for (std::size_t i = begin; i < j; ++i) {
      // Column j above the diagonal: -X(i, i..j) U(i..j, j) X(j, j), rows i.. still those of U.
      float sum = 0;
      for (std::size_t k = i; k < j; ++k) sum += a(i, k) * a(k, j);
      a(i, j) = -sum * a(j, j);
    }
  }
}

}  // namespace

bool invert_cholesky_factor(MatrixView<float> a) {
  assert(a.rows() == a.cols());
  const std::size_t n = a.rows();
  float* const data = a.data();
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t end = std::min(n, begin + kBlock);
    if (!factor_rows(a, begin, end)) return false;
    if (end == n) break;
    // A's remaining square less U_b^T U_b.
    const float* const panel = data + begin * n + end;
    strided_product(n - end, n - end, end - begin, {panel, 1, n}, {panel, n, 1},
                    data + end * n + end, n, -1.0f, 1.0f);
  }

  // X = U^-1 by block columns, left to right: above the diagonal block J it is
  // -X_prev U(prev, J) X_JJ, with X_prev already in place of U's earlier columns.
  std::vector<float> product(n * kBlock);
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t width = std::min(n, begin + kBlock) - begin;
    for (std::size_t i = begin; i < begin + width; ++i) std::fill_n(data + i * n, i, 0.0f);
    invert_block(a, begin, begin + width);
    if (begin == 0) continue;
    strided_product(begin, width, begin, {data, n, 1}, {data + begin, n, 1}, product.data(), width,
                    1.0f, 0.0f);
    strided_product(begin, width, width, {product.data(), width, 1},
                    {data + begin * n + begin, n, 1}, data + begin, n, -1.0f, 0.0f);
  }
  return true;
}

}  // namespace goldpan
