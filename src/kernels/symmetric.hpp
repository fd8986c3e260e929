#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// Eigenvalues, largest first, and their vectors: row i of `vectors` (count x size) is a unit
/// vector whose entry of largest magnitude is positive.
struct Eigen {
  std::vector<double> values;
  Matrix<float> vectors;
};

/// All eigenvectors of a small symmetric matrix (LAPACK dsyevd).
Eigen eigen_of_symmetric(const Matrix<double>& symmetric);

/// A large symmetric matrix in float32. Only the blocks on and above the diagonal are kept: half
/// the memory, and every block is one BLAS call of a shape that threads do not change.
class SymmetricMatrix {
 public:
  explicit SymmetricMatrix(std::size_t size);

  std::size_t size() const { return size_; }
  float at(std::size_t i, std::size_t j) const;

  /// Adds rows^T rows. Requires: rows.cols() == size().
  void add_outer_products(MatrixView<const float> rows, Workers& workers);
  /// Replaces every value by change(i, j, value), which must be symmetric in i and j.
  void transform(const std::function<float(std::size_t i, std::size_t j, float value)>& change,
                 Workers& workers);
  /// out (M x size) = rows (M x size) * this matrix.
  void multiply_by(MatrixView<const float> rows, MatrixView<float> out, Workers& workers) const;

 private:
  std::size_t block_of(std::size_t i, std::size_t j) const;
  std::size_t width(std::size_t block) const;
  std::vector<Matrix<float>> split(MatrixView<const float> rows, Workers& workers) const;

  std::size_t size_;
  std::size_t blocks_;                 // along one side
  std::vector<Matrix<float>> values_;  // blocks (i, j) with i <= j, by rows
};

/// The `count` leading eigenvectors of a positive semi-definite matrix by subspace iteration with
/// Rayleigh-Ritz steps (Halko, Martinsson & Tropp 2011, section 4.5), 64 directions wider than
/// asked for. The last few vectors of a flat spectrum are approximate; they are orthonormal all the
/// same. Requires: count <= symmetric.size().
Eigen leading_eigenvectors(const SymmetricMatrix& symmetric, std::size_t count, int iterations,
                           Generator generator, Workers& workers);

}  // namespace goldpan
