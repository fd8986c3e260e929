#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <hwy/aligned_allocator.h>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// Centers (N x K) laid out once for many calls of add_triangle_activations.
class PackedCenters {
 public:
  /// Centers that lie side by side in one panel; a multiple of every vector length.
  static constexpr std::size_t kPanel = 32;

  PackedCenters() = default;
  explicit PackedCenters(MatrixView<const float> centers);

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  /// rows() rounded up to whole panels; the centers beyond are zeros.
  std::size_t padded_rows() const { return (rows_ + kPanel - 1) / kPanel * kPanel; }
  /// Value k of center p * kPanel + i is panel(p)[k * kPanel + i].
  const float* panel(std::size_t p) const { return values_.get() + p * kPanel * cols_; }
  /// The padded_rows() squared lengths; infinite beyond rows().
  const float* squared_norms() const { return norms_.get(); }

 private:
  hwy::AlignedFreeUniquePtr<float[]> values_;
  hwy::AlignedFreeUniquePtr<float[]> norms_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

/// The triangle activation of Coates, Ng & Lee 2011 (section 3.2.1), pooled: with z_k the distance
/// of point i to center k and m their mean over k, adds max(0, m - z_k) to sums(pool_of_point[i],
/// k), for all i in their order.
///
/// A product with all centers, their distances and activations in one pass over cache-sized
/// blocks. What a point adds does not depend on the points around it.
/// Requires: points is M x K, pool_of_point M long with values below P, sums P x N.
void add_triangle_activations(MatrixView<const float> points, const PackedCenters& centers,
                              std::span<const std::uint8_t> pool_of_point, MatrixView<float> sums);

}  // namespace goldpan
