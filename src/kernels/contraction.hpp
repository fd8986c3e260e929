#pragma once

#include <cstddef>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>

namespace goldpan {

/// A map from D dimensions to few that never lengthens a distance: the coordinates along a few
/// orthonormal directions of large variance, and what is left as one more coordinate, its length.
///
/// By the triangle inequality the lengths of two remainders differ by no more than the remainders
/// do, so |f(x) - f(y)| <= |x - y|: a search for near rows discards most pairs by a product of few
/// columns. Any orthonormal directions give valid bounds; good ones give tight bounds.
class Contraction {
 public:
  /// Fits the directions to a sample of rows: dims - 1 of them by subspace iteration.
  /// Requires: 1 < dims <= sample.cols(), sample not empty.
  Contraction(MatrixView<const float> sample, std::size_t dims, Generator generator);

  std::size_t dims() const { return directions_.rows() + 1; }
  /// out (rows x dims()) = f of each row. Single-threaded.
  void apply(MatrixView<const float> rows, MatrixView<float> out) const;

 private:
  Matrix<float> directions_;  // (dims - 1) x D, orthonormal
  std::vector<float> mean_;
};

}  // namespace goldpan
