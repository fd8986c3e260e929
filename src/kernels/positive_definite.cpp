#include "kernels/positive_definite.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <cblas.h>

#include "kernels/blas.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kPanel = 96;

int as_int(std::size_t value) { return static_cast<int>(value); }

/// Cholesky factor of a small block in place.
bool factor_block(double* a, std::size_t size, std::size_t stride) {
  for (std::size_t j = 0; j < size; ++j) {
    for (std::size_t i = j; i < size; ++i) {
      double sum = a[i * stride + j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i * stride + k] * a[j * stride + k];
      if (i == j) {
        if (!(sum > 0.0)) return false;
        a[j * stride + j] = std::sqrt(sum);
      } else {
        a[i * stride + j] = sum / a[j * stride + j];
      }
    }
  }
  return true;
}

}  // namespace

bool invert_positive_definite(Matrix<double>& matrix) {
  assert(matrix.rows() == matrix.cols());
  prepare_blas();
  const std::size_t size = matrix.rows();
  const int stride = as_int(size);
  double* const a = matrix.data();
  // a = L L^T, a panel at a time.
  for (std::size_t begin = 0; begin < size; begin += kPanel) {
    const std::size_t width = std::min(kPanel, size - begin), below = size - begin - width;
    double* const corner = a + begin * size + begin;
    if (!factor_block(corner, width, size)) return false;
    if (below == 0) break;
    double* const panel = corner + width * size;
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, as_int(below),
                as_int(width), 1.0, corner, stride, panel, stride);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, as_int(below), as_int(width), -1.0, panel,
                stride, 1.0, panel + width, stride);
  }
  // The inverse is X^T X with L X = I.
  Matrix<double> x(size, size);
  for (std::size_t i = 0; i < size; ++i) x(i, i) = 1.0;
  cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, stride, stride, 1.0,
              a, stride, x.data(), stride);
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, stride, stride, 1.0, x.data(), stride, 0.0, a,
              stride);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = i + 1; j < size; ++j) matrix(i, j) = matrix(j, i);
  }
  return true;
}

}  // namespace goldpan
