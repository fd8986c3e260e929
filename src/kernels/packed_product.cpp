#include "kernels/packed_product.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>

// Arrays of vectors, as the register tile below is one, need vectors of a known size.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, PackedFactor::kPanel>;
using Vector = hn::Vec<Floats>;

// A tile of kTileRows x (kTileVectors vectors) of products stays in registers while K is walked:
// with two vectors of b and one broadcast it fills the 32 or 16 registers there are.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr std::size_t kTileRows = 12;
#else
constexpr std::size_t kTileRows = 6;
#endif
constexpr std::size_t kTileVectors = 2;

/// Products of kTileRows rows, given transposed (depth x kTileRows), with all rows of b: row r goes
/// to products + r * b.padded_rows().
HWY_INLINE void multiply_tile(const float* HWY_RESTRICT rows, const PackedFactor& b,
                              float* HWY_RESTRICT products) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t depth = b.depth(), stride = b.padded_rows();
  for (std::size_t column = 0; column < stride; column += kTileVectors * lanes) {
    const float* HWY_RESTRICT from =
        b.panel(column / PackedFactor::kPanel) + column % PackedFactor::kPanel;
    Vector tile[kTileRows][kTileVectors];
    for (auto& row : tile) {
      for (Vector& value : row) value = hn::Zero(d);
    }
    for (std::size_t k = 0; k < depth; ++k) {
      const Vector b0 = hn::Load(d, from + k * PackedFactor::kPanel);
      const Vector b1 = hn::Load(d, from + k * PackedFactor::kPanel + lanes);
      for (std::size_t r = 0; r < kTileRows; ++r) {
        const Vector value = hn::Set(d, rows[k * kTileRows + r]);
        tile[r][0] = hn::MulAdd(value, b0, tile[r][0]);
        tile[r][1] = hn::MulAdd(value, b1, tile[r][1]);
      }
    }
    for (std::size_t r = 0; r < kTileRows; ++r) {
      hn::Store(tile[r][0], d, products + r * stride + column);
      hn::Store(tile[r][1], d, products + r * stride + column + lanes);
    }
  }
}

/// Calls finish(i, products) for each row i of `a` in order; products are the row's
/// b.padded_rows() products, which it may overwrite.
template <typename Finish>
HWY_INLINE void for_each_row(MatrixView<const float> a, const PackedFactor& b,
                             const Finish& finish) {
  const std::size_t depth = b.depth(), stride = b.padded_rows();
  const auto rows = hwy::AllocateAligned<float>(std::max<std::size_t>(1, depth * kTileRows));
  const auto products = hwy::AllocateAligned<float>(std::max<std::size_t>(1, stride * kTileRows));
  for (std::size_t begin = 0; begin < a.rows(); begin += kTileRows) {
    const std::size_t count = std::min(kTileRows, a.rows() - begin);
    std::fill_n(rows.get(), depth * kTileRows, 0.0f);
    for (std::size_t r = 0; r < count; ++r) {
      const float* HWY_RESTRICT row = a.row(begin + r).data();
      for (std::size_t k = 0; k < depth; ++k) rows[k * kTileRows + r] = row[k];
    }
    multiply_tile(rows.get(), b, products.get());
    for (std::size_t r = 0; r < count; ++r) finish(begin + r, products.get() + r * stride);
  }
}

HWY_INLINE float squared_norm(std::span<const float> row) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d), whole = row.size() / lanes * lanes;
  Vector sum = hn::Zero(d);
  for (std::size_t k = 0; k < whole; k += lanes) {
    const Vector value = hn::LoadU(d, row.data() + k);
    sum = hn::MulAdd(value, value, sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (std::size_t k = whole; k < row.size(); ++k) total += row[k] * row[k];
  return total;
}

void multiply(MatrixView<const float> a, const PackedFactor& b, MatrixView<float> out) {
  for_each_row(a, b, [&](std::size_t i, const float* products) {
    std::copy_n(products, b.rows(), out.row(i).data());
  });
}

void nearest(MatrixView<const float> a, const PackedFactor& centers, std::span<Index> nearest,
             std::span<float> squared_distance) {
  const Floats d;
  const hn::RebindToSigned<Floats> di;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN float values[PackedFactor::kPanel];
  HWY_ALIGN std::int32_t places[PackedFactor::kPanel];
  for_each_row(a, centers, [&](std::size_t i, const float* products) {
    const float* norms = centers.squared_norms();
    const Vector minus_two = hn::Set(d, -2.0f);
    Vector best = hn::Set(d, std::numeric_limits<float>::infinity());
    auto best_place = hn::Zero(di);
    for (std::size_t c = 0; c < centers.padded_rows(); c += lanes) {
      const Vector value = hn::MulAdd(minus_two, hn::Load(d, products + c), hn::Load(d, norms + c));
      const auto less = hn::Lt(value, best);
      best = hn::IfThenElse(less, value, best);
      best_place = hn::IfThenElse(hn::RebindMask(di, less),
                                  hn::Iota(di, static_cast<std::int32_t>(c)), best_place);
    }
    hn::Store(best, d, values);
    hn::Store(best_place, di, places);
    std::size_t winner = 0;
    for (std::size_t lane = 1; lane < lanes; ++lane) {
      if (values[lane] < values[winner] ||
          (values[lane] == values[winner] && places[lane] < places[winner])) {
        winner = lane;
      }
    }
    nearest[i] = static_cast<Index>(places[winner]);
    squared_distance[i] = std::max(0.0f, squared_norm(a.row(i)) + values[winner]);
  });
}

void add_triangles(MatrixView<const float> a, const PackedFactor& centers,
                   std::span<const std::uint8_t> pool_of_row, MatrixView<float> sums) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d), n = centers.rows(), stride = centers.padded_rows();
  const std::size_t whole = n / lanes * lanes;
  const auto pools = hwy::AllocateAligned<float>(std::max<std::size_t>(1, sums.rows() * stride));
  std::fill_n(pools.get(), sums.rows() * stride, 0.0f);
  for_each_row(a, centers, [&](std::size_t i, float* distances) {
    const float* norms = centers.squared_norms();
    const Vector own = hn::Set(d, squared_norm(a.row(i)));
    const Vector minus_two = hn::Set(d, -2.0f);
    const auto distance = [&](std::size_t c) HWY_ATTR {
      const Vector squared =
          hn::MulAdd(minus_two, hn::Load(d, distances + c), hn::Add(own, hn::Load(d, norms + c)));
      return hn::Sqrt(hn::Max(squared, hn::Zero(d)));
    };
    Vector sum = hn::Zero(d);
    for (std::size_t c = 0; c < whole; c += lanes) {
      const Vector z = distance(c);
      hn::Store(z, d, distances + c);
      sum = hn::Add(sum, z);
    }
    if (whole < n) {
      const Vector z = distance(whole);
      hn::Store(z, d, distances + whole);
      sum = hn::Add(sum, hn::IfThenElseZero(hn::FirstN(d, n - whole), z));
    }
    const Vector mean = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, sum)) / static_cast<float>(n));
    float* HWY_RESTRICT pool = pools.get() + pool_of_row[i] * stride;
    for (std::size_t c = 0; c < n; c += lanes) {
      const Vector activation = hn::ZeroIfNegative(hn::Sub(mean, hn::Load(d, distances + c)));
      hn::Store(hn::Add(hn::Load(d, pool + c), activation), d, pool + c);
    }
  });
  for (std::size_t p = 0; p < sums.rows(); ++p) {
    for (std::size_t c = 0; c < n; ++c) sums(p, c) += pools[p * stride + c];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {
HWY_EXPORT(multiply);
HWY_EXPORT(nearest);
HWY_EXPORT(add_triangles);

PackedFactor::PackedFactor(MatrixView<const float> b) : rows_(b.rows()), depth_(b.cols()) {
  const std::size_t padded = padded_rows();
  values_ = hwy::AllocateAligned<float>(std::max<std::size_t>(1, padded * depth_));
  norms_ = hwy::AllocateAligned<float>(std::max<std::size_t>(1, padded));
  std::fill_n(values_.get(), padded * depth_, 0.0f);
  std::fill_n(norms_.get(), padded, std::numeric_limits<float>::infinity());
  for (std::size_t row = 0; row < rows_; ++row) {
    float* const panel = values_.get() + row / kPanel * kPanel * depth_ + row % kPanel;
    float norm = 0;
    for (std::size_t k = 0; k < depth_; ++k) {
      panel[k * kPanel] = b(row, k);
      norm += b(row, k) * b(row, k);
    }
    norms_[row] = norm;
  }
}

void multiply_packed(MatrixView<const float> a, const PackedFactor& b, MatrixView<float> out) {
  assert(a.cols() == b.depth() && out.rows() == a.rows() && out.cols() == b.rows());
  HWY_DYNAMIC_DISPATCH(multiply)(a, b, out);
}

void nearest_packed(MatrixView<const float> a, const PackedFactor& centers,
                    std::span<Index> nearest, std::span<float> squared_distance) {
  assert(a.cols() == centers.depth() && centers.rows() > 0);
  assert(nearest.size() == a.rows() && squared_distance.size() == a.rows());
  HWY_DYNAMIC_DISPATCH(nearest)(a, centers, nearest, squared_distance);
}

void add_triangle_activations(MatrixView<const float> a, const PackedFactor& centers,
                              std::span<const std::uint8_t> pool_of_row, MatrixView<float> sums) {
  assert(a.cols() == centers.depth() && sums.cols() == centers.rows());
  assert(pool_of_row.size() == a.rows());
  HWY_DYNAMIC_DISPATCH(add_triangles)(a, centers, pool_of_row, sums);
}

}  // namespace goldpan
#endif  // HWY_ONCE
