#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

// The small matrices of BAIT (strategies/bait.cpp has the derivation), one lane a candidate.
//
// C classes, m = C - 1. A candidate with probabilities p and features h has the Fisher information
// V^T V with V = L^T (x) h^T, where L L^T = diag(p) - p p^T without the last class; L is known in
// closed form (Tanabe & Sagae 1992), so that products with it cost O(m) a column.

/// Candidates are laid side by side in multiples of this; places beyond their number hold zeros.
inline constexpr std::size_t kTraceLanes = 16;

/// The state of a block of candidates, each array `width` wide: value v of candidate i at
/// v * width + i. Symmetric m x m matrices hold their lower triangle, row by row.
class TraceBlock {
 public:
  TraceBlock(std::size_t classes, std::size_t candidates);

  std::size_t width() const { return width_; }
  std::size_t order() const { return classes_ - 1; }  // m
  std::size_t pairs() const { return order() * (order() + 1) / 2; }

  float& probability(std::size_t c, std::size_t candidate) { return p_[c * width_ + candidate]; }
  /// Row of a triangle, one value a candidate.
  std::span<float> information(std::size_t pair) { return {&s_[pair * width_], width_}; }
  std::span<float> middle(std::size_t pair) { return {&t_[pair * width_], width_}; }
  /// Copies candidate `from` of another block to place `to`.
  void copy(std::size_t to, const TraceBlock& other, std::size_t from);

  /// Turns K = (I (x) h)^T A (I (x) h), written to information() and middle() for A = M^-1 and
  /// A = M^-1 F M^-1, into S = L^T K L and T likewise.
  void enter_basis();

  /// The update after a pick with W = M^-1 V*^T and Y = M^-1 F W: `products` (2 m^2 x width) holds
  /// (I (x) h)^T W and then (I (x) h)^T Y, entry (c, j) in row c m + j. With A = L^T (first),
  /// B = L^T (second), P = A G and Q = B - P T* / 2: S -= P A^T, T -= P Q^T + Q P^T.
  void update(MatrixView<const float> products, const Matrix<float>& gain,
              const Matrix<float>& pick_middle);

  /// out[i] = tr((I + sign S)^-1 T) of each candidate.
  void gains(float sign, std::span<float> out) const;

 private:
  std::size_t classes_, width_;
  std::vector<float> p_, s_, t_;
};

/// L for one vector of probabilities: m x m, lower.
Matrix<float> multinomial_factor(std::span<const float> probabilities);

}  // namespace goldpan
