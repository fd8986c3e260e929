#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// Short vectors whose distances are lower bounds of the distances of long ones.
///
/// A row x becomes its coordinates along `leading` orthonormal directions, taken from the centre of
/// a sample, and last the length of what those leave over (the residual). By the triangle
/// inequality |sketch(x) - sketch(y)| <= |x - y|, up to rounding, for which every sketch carries a
/// slack: |sketch(x) - sketch(y)| - slack(x) - slack(y) <= |x - y| holds for the numbers as
/// computed. The directions approximate the leading principal components, which keeps the bounds
/// tight; any others would keep them valid.
class Sketch {
 public:
  Sketch() = default;
  /// Takes centre and directions from the sample. At most sample.cols() directions are taken.
  Sketch(MatrixView<const float> sample, std::size_t leading);
  /// The same centre and the first `leading` directions alone: shorter sketches, looser bounds.
  Sketch(const Sketch& finer, std::size_t leading);

  /// Numbers in a sketch: the directions and one for the residual.
  std::size_t size() const { return directions_.rows() + 1; }

  /// Sketches of `rows`, one a row of `out`; `rows` is overwritten. slack[i] is the slack of row i.
  /// Requires: out is rows.rows() x size().
  void project(MatrixView<float> rows, MatrixView<float> out, std::span<float> slack) const;

 private:
  std::vector<float> center_;
  Matrix<float> directions_;  // orthonormal rows
};

/// Rows in a block of sketches that are compared together, in vectors.
inline constexpr std::size_t kSketchBlock = 64;

/// A sketch of a center and the half of its squared length, as the kernels want them.
struct SketchCenters {
  const float* values;        ///< count x size, row-major
  const float* half_lengths;  ///< |sketch|^2 / 2
  std::size_t count;
};

/// out[c * kSketchBlock + i] = x_i . center_c - |center_c|^2 / 2, with the block transposed:
/// block[k * kSketchBlock + i] is component k of x_i. The larger, the closer:
/// |x - c|^2 = |x|^2 - 2 out.
void sketch_products(const float* block, std::size_t size, const SketchCenters& centers,
                     float* out);

/// For each x_i the largest product of the `count` centers and which it is; the first of equals.
/// Starts from what `largest` and `which` hold; centers are numbered from `first`.
void largest_products(const float* products, std::size_t count, std::uint32_t first, float* largest,
                      std::uint32_t* which);

/// Appends center * kSketchBlock + i for every product that is not at most limits[i], center by
/// center. Products that are not numbers are appended.
void products_above(const float* products, std::size_t count, const float* limits,
                    std::vector<std::uint32_t>& found);

}  // namespace goldpan
