#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>

/// BAIT by its definition (Ash et al. 2021): Fisher embeddings written out, all C classes, every
/// trace from an inverse computed from scratch.
namespace goldpan::reference {

using Dense = Matrix<double>;

inline Dense inverse_of(Dense a) {
  const std::size_t n = a.rows();
  Dense out(n, n);
  for (std::size_t i = 0; i < n; ++i) out(i, i) = 1;
  for (std::size_t k = 0; k < n; ++k) {  // Gauss-Jordan; positive definite: no pivoting
    const double pivot = a(k, k);
    for (std::size_t j = 0; j < n; ++j) a(k, j) /= pivot, out(k, j) /= pivot;
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = a(i, k);
      for (std::size_t j = 0; j < n; ++j) {
        a(i, j) -= factor * a(k, j);
        out(i, j) -= factor * out(k, j);
      }
    }
  }
  return out;
}

inline double trace_of_product(const Dense& a, const Dense& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.rows(); ++i) {
    for (std::size_t j = 0; j < a.cols(); ++j) sum += a(i, j) * b(j, i);
  }
  return sum;
}

class Bait {
 public:
  Bait(MatrixView<const float> h, MatrixView<const float> p, std::span<const Index> labeled,
       std::span<const Index> unlabeled, double lambda)
      : h_(h), p_(p), size_(h.cols() * p.cols()), sum_(size_, size_), target_(size_, size_) {
    double square = 0;
    for (std::size_t i = 0; i < h.size(); ++i) square += double{h.data()[i]} * h.data()[i];
    square /= static_cast<double>(h.size());
    for (std::size_t i = 0; i < size_; ++i) sum_(i, i) = lambda * square;
    for (const Index row : labeled) add(sum_, row, 1);
    for (const auto rows : {labeled, unlabeled}) {
      for (const Index row : rows) add(target_, row, 1.0 / static_cast<double>(h.rows()));
    }
  }

  double trace() const { return trace_of_product(inverse_of(sum_), target_); }
  double trace_with(Index row, double sign) const {
    Dense with = sum_;
    add(with, row, sign);
    return trace_of_product(inverse_of(with), target_);
  }
  void take(Index row, double sign) { add(sum_, row, sign); }

 private:
  /// Adds weight * V^T V, row c of V being sqrt(p_c) (e_c - p) (x) h.
  void add(Dense& out, Index row, double weight) const {
    const std::size_t dims = h_.cols(), classes = p_.cols();
    for (std::size_t c = 0; c < classes; ++c) {
      std::vector<double> v(size_);
      for (std::size_t k = 0; k < classes; ++k) {
        for (std::size_t d = 0; d < dims; ++d) {
          v[k * dims + d] =
              std::sqrt(double{p_(row, c)}) * ((k == c ? 1.0 : 0.0) - p_(row, k)) * h_(row, d);
        }
      }
      for (std::size_t i = 0; i < size_; ++i) {
        for (std::size_t j = 0; j < size_; ++j) out(i, j) += weight * v[i] * v[j];
      }
    }
  }

  MatrixView<const float> h_, p_;
  std::size_t size_;
  Dense sum_, target_;
};

inline std::vector<Index> bait(MatrixView<const float> h, MatrixView<const float> p,
                               std::span<const Index> labeled, std::span<const Index> unlabeled,
                               std::size_t batch, double lambda, std::vector<double>& gains) {
  Bait state(h, p, labeled, unlabeled, lambda);
  std::vector<Index> left(unlabeled.begin(), unlabeled.end()), picks;
  const std::size_t wanted = std::min(2 * batch, left.size());
  while (picks.size() < wanted) {
    std::size_t best = 0;
    std::vector<double> traces;
    for (const Index row : left) traces.push_back(state.trace_with(row, 1));
    for (std::size_t i = 1; i < left.size(); ++i) best = traces[i] < traces[best] ? i : best;
    gains.push_back(state.trace() - traces[best]);
    picks.push_back(left[best]);
    state.take(left[best], 1);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
  }
  while (picks.size() > batch) {
    std::size_t worst = 0;
    std::vector<double> traces;
    for (const Index row : picks) traces.push_back(state.trace_with(row, -1));
    for (std::size_t i = 1; i < picks.size(); ++i) worst = traces[i] < traces[worst] ? i : worst;
    state.take(picks[worst], -1);
    gains.erase(gains.begin() + static_cast<std::ptrdiff_t>(worst));
    picks.erase(picks.begin() + static_cast<std::ptrdiff_t>(worst));
  }
  return picks;
}

}  // namespace goldpan::reference
