#pragma once

#include <cstddef>
#include <span>

#include <hwy/aligned_allocator.h>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// The right factor b (N x K) of products a * b^T with many left factors, laid out once for the
/// SIMD kernels below.
///
/// Their promise: one product value is one chain of multiply-adds along K, so it depends on its own
/// row of `a` and its own row of `b` alone, never on the rows around it, their number or the
/// threads. A BLAS picks other kernels, with other rounding, for other shapes.
class PackedFactor {
 public:
  /// Rows of b that lie side by side in one panel; a multiple of every vector length.
  static constexpr std::size_t kPanel = 32;

  PackedFactor() = default;
  explicit PackedFactor(MatrixView<const float> b);

  std::size_t rows() const { return rows_; }
  std::size_t depth() const { return depth_; }
  /// rows() rounded up to whole panels; the rows beyond are zeros.
  std::size_t padded_rows() const { return (rows_ + kPanel - 1) / kPanel * kPanel; }
  /// Value k of row p * kPanel + i of b is panel(p)[k * kPanel + i].
  const float* panel(std::size_t p) const { return values_.get() + p * kPanel * depth_; }
  /// padded_rows() squared lengths of b's rows; infinite beyond rows().
  const float* squared_norms() const { return norms_.get(); }

 private:
  hwy::AlignedFreeUniquePtr<float[]> values_;
  hwy::AlignedFreeUniquePtr<float[]> norms_;
  std::size_t rows_ = 0;
  std::size_t depth_ = 0;
};

/// out (M x N) = a (M x K) * b^T.
void multiply_packed(MatrixView<const float> a, const PackedFactor& b, MatrixView<float> out);

/// For each row of `a` its nearest row of `centers`, the lowest of equally near ones, and the
/// squared distance to it. Requires: nearest and squared_distance are a.rows() long, centers.rows()
/// > 0.
void nearest_packed(MatrixView<const float> a, const PackedFactor& centers,
                    std::span<Index> nearest, std::span<float> squared_distance);

/// The triangle activation of Coates, Ng & Lee 2011 (section 3.2.1), pooled: with z_k the distance
/// of row i of `a` to center k and m their mean over k, adds max(0, m - z_k) to
/// sums(pool_of_row[i], k). Rows are added in their order.
/// Requires: pool_of_row is a.rows() long with values below sums.rows(); sums is P x N.
void add_triangle_activations(MatrixView<const float> a, const PackedFactor& centers,
                              std::span<const std::uint8_t> pool_of_row, MatrixView<float> sums);

}  // namespace goldpan
