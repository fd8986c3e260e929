#include "kernels/triangle.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

// Arrays of vectors, as the tile in registers below is one, need vectors of a known size.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/triangle.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/aligned.hpp"

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, PackedCenters::kPanel>;
using Vector = hn::Vec<Tag>;

// Points in one tile of products. With two vectors of centers and one value of a point, its sums
// fill the 32 registers of AVX-512 and NEON, or the 16 of AVX2 and SSE.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr std::size_t kTileRows = 12;
#else
constexpr std::size_t kTileRows = 6;
#endif

/// Products of kTileRows points, given transposed (K x kTileRows), with all centers: those of point
/// r go to products + r * centers.padded_rows(). Each is one chain of multiply-adds along K.
HWY_ATTR void multiply_tile(const float* HWY_RESTRICT points, const PackedCenters& centers,
                            float* HWY_RESTRICT products) {
  const Tag tag;
  const std::size_t lanes = hn::Lanes(tag), stride = centers.padded_rows();
  for (std::size_t column = 0; column < stride; column += 2 * lanes) {
    const float* HWY_RESTRICT from =
        centers.panel(column / PackedCenters::kPanel) + column % PackedCenters::kPanel;
    Vector tile[kTileRows][2];
    for (auto& row : tile) row[0] = row[1] = hn::Zero(tag);
    for (std::size_t k = 0; k < centers.cols(); ++k) {
      const Vector first = hn::Load(tag, from + k * PackedCenters::kPanel);
      const Vector second = hn::Load(tag, from + k * PackedCenters::kPanel + lanes);
      for (std::size_t r = 0; r < kTileRows; ++r) {
        const Vector value = hn::Set(tag, points[k * kTileRows + r]);
        tile[r][0] = hn::MulAdd(value, first, tile[r][0]);
        tile[r][1] = hn::MulAdd(value, second, tile[r][1]);
      }
    }
    for (std::size_t r = 0; r < kTileRows; ++r) {
      hn::Store(tile[r][0], tag, products + r * stride + column);
      hn::Store(tile[r][1], tag, products + r * stride + column + lanes);
    }
  }
}

HWY_ATTR float squared_norm(std::span<const float> point) {
  const Tag tag;
  const std::size_t lanes = hn::Lanes(tag), whole = point.size() / lanes * lanes;
  Vector sum = hn::Zero(tag);
  for (std::size_t k = 0; k < whole; k += lanes) {
    const Vector value = hn::LoadU(tag, point.data() + k);
    sum = hn::MulAdd(value, value, sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(tag, sum));
  for (std::size_t k = whole; k < point.size(); ++k) total += point[k] * point[k];
  return total;
}

/// Adds the activations of a point to `pool`; `values` are its products with the centers, and
/// become its distances to them.
HWY_ATTR void add_activations(const PackedCenters& centers, float point_norm,
                              float* HWY_RESTRICT values, float* HWY_RESTRICT pool) {
  const Tag tag;
  const std::size_t lanes = hn::Lanes(tag), count = centers.rows();
  const Vector minus_two = hn::Set(tag, -2.0f), own = hn::Set(tag, point_norm);
  Vector sum = hn::Zero(tag);
  for (std::size_t c = 0; c < count; c += lanes) {
    const Vector squared = hn::MulAdd(minus_two, hn::Load(tag, values + c),
                                      hn::Add(own, hn::Load(tag, centers.squared_norms() + c)));
    const Vector distance = hn::Sqrt(hn::Max(squared, hn::Zero(tag)));
    hn::Store(distance, tag, values + c);
    // Centers that only fill up the last vector are infinitely far: no part of the mean.
    sum =
        hn::Add(sum, count - c >= lanes ? distance
                                        : hn::IfThenElseZero(hn::FirstN(tag, count - c), distance));
  }
  const float mean = hn::GetLane(hn::SumOfLanes(tag, sum)) / static_cast<float>(count);
  const Vector means = hn::Set(tag, mean);
  for (std::size_t c = 0; c < count; c += lanes) {
    const Vector activation = hn::Max(hn::Sub(means, hn::Load(tag, values + c)), hn::Zero(tag));
    hn::Store(hn::Add(hn::Load(tag, pool + c), activation), tag, pool + c);
  }
}

HWY_ATTR void triangle_kernel(MatrixView<const float> points, const PackedCenters& centers,
                              std::span<const std::uint8_t> pool_of_point, MatrixView<float> sums) {
  const std::size_t depth = centers.cols(), stride = centers.padded_rows();
  const auto tile = aligned_array<float>(depth * kTileRows);
  const auto values = aligned_array<float>(stride * kTileRows);
  const auto pools = aligned_array<float>(stride * sums.rows());
  std::fill_n(tile.get(), depth * kTileRows, 0.0f);
  std::fill_n(pools.get(), stride * sums.rows(), 0.0f);
  for (std::size_t begin = 0; begin < points.rows(); begin += kTileRows) {
    const std::size_t count = std::min(kTileRows, points.rows() - begin);
    for (std::size_t r = 0; r < count; ++r) {
      const float* const point = points.row(begin + r).data();
      for (std::size_t k = 0; k < depth; ++k) tile[k * kTileRows + r] = point[k];
    }
    multiply_tile(tile.get(), centers, values.get());
    for (std::size_t r = 0; r < count; ++r) {
      add_activations(centers, squared_norm(points.row(begin + r)), values.get() + r * stride,
                      pools.get() + pool_of_point[begin + r] * stride);
    }
  }
  for (std::size_t p = 0; p < sums.rows(); ++p) {
    for (std::size_t c = 0; c < sums.cols(); ++c) sums(p, c) += pools[p * stride + c];
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(triangle_kernel);

PackedCenters::PackedCenters(MatrixView<const float> centers)
    : rows_(centers.rows()), cols_(centers.cols()) {
  const std::size_t padded = padded_rows();
  values_ = aligned_array<float>(padded * cols_);
  norms_ = aligned_array<float>(padded);
  std::fill_n(values_.get(), padded * cols_, 0.0f);
  std::fill_n(norms_.get(), padded, std::numeric_limits<float>::infinity());
  for (std::size_t row = 0; row < rows_; ++row) {
    float* const lane = values_.get() + row / kPanel * kPanel * cols_ + row % kPanel;
    float norm = 0;
    for (std::size_t k = 0; k < cols_; ++k) {
      lane[k * kPanel] = centers(row, k);
      norm += centers(row, k) * centers(row, k);
    }
    norms_[row] = norm;
  }
}

void add_triangle_activations(MatrixView<const float> points, const PackedCenters& centers,
                              std::span<const std::uint8_t> pool_of_point, MatrixView<float> sums) {
  assert(points.cols() == centers.cols() && sums.cols() == centers.rows());
  assert(pool_of_point.size() == points.rows());
  if (points.empty() || sums.empty()) return;
  HWY_DYNAMIC_DISPATCH(triangle_kernel)(points, centers, pool_of_point, sums);
}

}  // namespace goldpan
#endif  // HWY_ONCE
