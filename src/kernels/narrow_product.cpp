#include "kernels/narrow_product.hpp"

#include <algorithm>
#include <cassert>

// Tiles are arrays of vectors, which sizeless vectors cannot make; NEON serves there.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/narrow_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// At most 16 lanes, the padding unit: a vector never reaches beyond a padded row.
using Floats = hn::CappedTag<float, kNarrowLanes>;
using Vector = hn::Vec<Floats>;

// Rows (or dimensions) in one tile of accumulators. A tile of one vector across needs 8 independent
// sums to hide the latency of the fused multiply-add; two vectors across need fewer loads a sum,
// but twice the registers, which only AVX-512 has.
constexpr std::size_t kTileRows = 8;
constexpr std::size_t kTileVectors = HWY_TARGET <= HWY_AVX3 ? 2 : 1;

/// The dot products of Rows rows of x with Vectors vectors of columns of the weights.
template <std::size_t Rows, std::size_t Vectors>
HWY_INLINE void multiply_tile(const float* HWY_RESTRICT x, std::size_t x_stride, std::size_t depth,
                              const float* HWY_RESTRICT weights, std::size_t weights_stride,
                              const float* HWY_RESTRICT bias, float* HWY_RESTRICT out,
                              std::size_t out_stride, std::size_t out_cols) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  Vector sums[Rows][Vectors];
  for (std::size_t r = 0; r < Rows; ++r) {
    for (std::size_t v = 0; v < Vectors; ++v) sums[r][v] = hn::LoadU(d, bias + v * lanes);
  }
  for (std::size_t k = 0; k < depth; ++k) {
    Vector w[Vectors];
    for (std::size_t v = 0; v < Vectors; ++v) {
      w[v] = hn::LoadU(d, weights + k * weights_stride + v * lanes);
    }
    for (std::size_t r = 0; r < Rows; ++r) {
      const Vector value = hn::Set(d, x[r * x_stride + k]);
      for (std::size_t v = 0; v < Vectors; ++v) sums[r][v] = hn::MulAdd(value, w[v], sums[r][v]);
    }
  }
  for (std::size_t v = 0; v < Vectors && v * lanes < out_cols; ++v) {
    const std::size_t kept = std::min(lanes, out_cols - v * lanes);
    for (std::size_t r = 0; r < Rows; ++r) {
      float* const to = out + r * out_stride + v * lanes;
      if (kept == lanes) {
        hn::StoreU(sums[r][v], d, to);
      } else {
        HWY_ALIGN float last[kNarrowLanes];
        hn::Store(sums[r][v], d, last);
        std::copy_n(last, kept, to);
      }
    }
  }
}

template <std::size_t Vectors>
void multiply_columns(MatrixView<const float> x, MatrixView<const float> weights, const float* bias,
                      MatrixView<float> out, std::size_t column) {
  const std::size_t cols = out.cols() - column;
  std::size_t row = 0;
  for (; row + kTileRows <= x.rows(); row += kTileRows) {
    multiply_tile<kTileRows, Vectors>(x.data() + row * x.cols(), x.cols(), x.cols(),
                                      weights.data() + column, weights.cols(), bias + column,
                                      out.data() + row * out.cols() + column, out.cols(), cols);
  }
  for (; row < x.rows(); ++row) {
    multiply_tile<1, Vectors>(x.data() + row * x.cols(), x.cols(), x.cols(),
                              weights.data() + column, weights.cols(), bias + column,
                              out.data() + row * out.cols() + column, out.cols(), cols);
  }
}

void multiply(MatrixView<const float> x, MatrixView<const float> weights, const float* bias,
              MatrixView<float> out) {
  const std::size_t lanes = hn::Lanes(Floats());
  std::size_t column = 0;
  for (; column + kTileVectors * lanes <= weights.cols() && column < out.cols();
       column += kTileVectors * lanes) {
    multiply_columns<kTileVectors>(x, weights, bias, out, column);
  }
  for (; column < out.cols(); column += lanes) multiply_columns<1>(x, weights, bias, out, column);
}

/// Dims rows of the gradient, Vectors vectors of columns of it, summed over all rows of x.
template <std::size_t Dims, std::size_t Vectors>
HWY_INLINE void gradient_tile(const float* HWY_RESTRICT x, std::size_t x_stride, std::size_t rows,
                              const float* HWY_RESTRICT errors, std::size_t stride,
                              float* HWY_RESTRICT out) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  Vector sums[Dims][Vectors];
  for (std::size_t j = 0; j < Dims; ++j) {
    for (std::size_t v = 0; v < Vectors; ++v)
      sums[j][v] = hn::LoadU(d, out + j * stride + v * lanes);
  }
  for (std::size_t r = 0; r < rows; ++r) {
    Vector e[Vectors];
    for (std::size_t v = 0; v < Vectors; ++v) e[v] = hn::LoadU(d, errors + r * stride + v * lanes);
    for (std::size_t j = 0; j < Dims; ++j) {
      const Vector value = hn::Set(d, x[r * x_stride + j]);
      for (std::size_t v = 0; v < Vectors; ++v) sums[j][v] = hn::MulAdd(value, e[v], sums[j][v]);
    }
  }
  for (std::size_t j = 0; j < Dims; ++j) {
    for (std::size_t v = 0; v < Vectors; ++v)
      hn::StoreU(sums[j][v], d, out + j * stride + v * lanes);
  }
}

template <std::size_t Vectors>
void gradient_columns(MatrixView<const float> x, MatrixView<const float> errors,
                      MatrixView<float> out, std::size_t column) {
  std::size_t dim = 0;
  for (; dim + kTileRows <= x.cols(); dim += kTileRows) {
    gradient_tile<kTileRows, Vectors>(x.data() + dim, x.cols(), x.rows(), errors.data() + column,
                                      errors.cols(), out.data() + dim * out.cols() + column);
  }
  for (; dim < x.cols(); ++dim) {
    gradient_tile<1, Vectors>(x.data() + dim, x.cols(), x.rows(), errors.data() + column,
                              errors.cols(), out.data() + dim * out.cols() + column);
  }
}

void add_gradient(MatrixView<const float> x, MatrixView<const float> errors,
                  MatrixView<float> out) {
  const std::size_t lanes = hn::Lanes(Floats());
  std::size_t column = 0;
  for (; column + kTileVectors * lanes <= out.cols(); column += kTileVectors * lanes) {
    gradient_columns<kTileVectors>(x, errors, out, column);
  }
  for (; column < out.cols(); column += lanes) gradient_columns<1>(x, errors, out, column);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(multiply);
HWY_EXPORT(add_gradient);

void multiply_narrow(MatrixView<const float> x, MatrixView<const float> weights,
                     std::span<const float> bias, MatrixView<float> out) {
  assert(x.cols() == weights.rows() && out.rows() == x.rows() && out.cols() <= weights.cols() &&
         weights.cols() % kNarrowLanes == 0 && bias.size() == weights.cols());
  HWY_DYNAMIC_DISPATCH(multiply)(x, weights, bias.data(), out);
}

void add_transposed_narrow(MatrixView<const float> x, MatrixView<const float> errors,
                           MatrixView<float> out) {
  assert(x.rows() == errors.rows() && out.rows() == x.cols() && out.cols() == errors.cols() &&
         errors.cols() % kNarrowLanes == 0);
  HWY_DYNAMIC_DISPATCH(add_gradient)(x, errors, out);
}

}  // namespace goldpan
#endif  // HWY_ONCE
