#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// Fisher information of a softmax head, summed over rows, without the last class: C classes, D
/// features, m = C - 1. Block (c, c') of the (m D) x (m D) matrix is
/// weight * sum over rows of p_c ([c = c'] - p_c') (scale h) (scale h)^T.
///
/// Leaving out the last class loses nothing: adding the same to all classes' weights changes no
/// probability, so the information has no component along it.
Matrix<float> fisher_information(const Embeddings& features, MatrixView<const float> probabilities,
                                 std::span<const Index> rows, float scale, Workers& workers,
                                 double weight = 1.0);

/// M^-1 and M^-1 F M^-1 of BAIT while rows enter and leave M. Low-rank changes are collected and
/// applied together, as one product.
class FisherInverse {
 public:
  /// M = lambda I plus `labeled`, and the F of the trace, both as fisher_information gives them.
  FisherInverse(const Matrix<float>& labeled, Matrix<float> target, float lambda,
                std::size_t classes, Workers& workers);

  std::size_t order() const { return order_; }  // m
  std::size_t dims() const { return dims_; }    // D
  /// Block (c, c') of M^-1 (which 0) or of M^-1 F M^-1 (which 1) as it was at the start.
  Matrix<float> block(int which, std::size_t c, std::size_t other) const;

  /// What a row brings: W = M^-1 V^T and Y = M^-1 F M^-1 V^T, each (m D) x m, and
  /// S = V W and T = V Y.
  struct Change {
    Matrix<float> w, y, s, t;
  };
  Change change(std::span<const float> features, const Matrix<float>& factor);

  /// Adds the row to M (sign +1) or takes it away (-1). Returns G = sign (I + sign S)^-1.
  Matrix<float> apply(const Change& change, float sign);

 private:
  Matrix<float> times_features(const Matrix<float>& matrix, std::span<const float> features,
                               const Matrix<float>& left, const Matrix<float>& right,
                               bool both_ways);
  void flush();

  std::size_t order_, dims_;
  Workers& workers_;
  Matrix<float> inverse_, middle_;
  // Collected changes, a row a factor column: inverse_ loses P W^T, middle_ loses P Q^T + Q P^T.
  Matrix<float> p_, w_, q_;
  std::size_t pending_ = 0;
};

}  // namespace goldpan
