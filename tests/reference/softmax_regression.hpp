#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan::reference {

/// Softmax regression in double precision, written down as in a textbook: loss, gradient, and
/// Newton's method on the full Hessian. Parameters are (D + 1) x C, the last row the intercepts.
struct SoftmaxRegression {
  Matrix<double> inputs;  // n x D
  std::vector<std::int32_t> labels;
  std::vector<double> weights;  // empty: all 1
  std::size_t classes = 0;
  double weight_decay = 0;         // the loss has weight_decay / (2 n) |W|^2
  std::vector<double> noise;       // and noise_c / 2 * w_c^T S w_c, C values or empty
  std::vector<double> prior_bias;  // and 1 / (2 n) |b - prior_bias|^2, C values or empty

  std::size_t dim() const { return inputs.cols(); }
  std::size_t size() const { return (dim() + 1) * classes; }

  double input(std::size_t i, std::size_t j) const { return j == dim() ? 1.0 : inputs(i, j); }

  std::vector<double> probabilities(std::size_t i, const std::vector<double>& at) const {
    std::vector<double> p(classes, 0.0);
    for (std::size_t j = 0; j <= dim(); ++j) {
      for (std::size_t c = 0; c < classes; ++c) p[c] += input(i, j) * at[j * classes + c];
    }
    double sum = 0;
    for (double& value : p) sum += value = std::exp(value);
    for (double& value : p) value /= sum;
    return p;
  }

  Matrix<double> second_moments() const {
    Matrix<double> moments(dim(), dim());
    for (std::size_t i = 0; i < inputs.rows(); ++i) {
      for (std::size_t j = 0; j < dim(); ++j) {
        for (std::size_t k = 0; k < dim(); ++k) {
          moments(j, k) += inputs(i, j) * inputs(i, k) / static_cast<double>(inputs.rows());
        }
      }
    }
    return moments;
  }

  double loss(const std::vector<double>& at) const {
    const auto n = static_cast<double>(inputs.rows());
    double sum = 0;
    for (std::size_t i = 0; i < inputs.rows(); ++i) {
      const double weight = weights.empty() ? 1.0 : weights[i];
      sum -= weight / n * std::log(probabilities(i, at)[static_cast<std::size_t>(labels[i])]);
    }
    const Matrix<double> moments = second_moments();
    for (std::size_t c = 0; c < classes; ++c) {
      for (std::size_t j = 0; j < dim(); ++j) {
        const double w = at[j * classes + c];
        sum += weight_decay / (2 * n) * w * w;
        if (noise.empty()) continue;
        for (std::size_t k = 0; k < dim(); ++k) {
          sum += noise[c] / 2 * w * moments(j, k) * at[k * classes + c];
        }
      }
      if (prior_bias.empty()) continue;
      const double distance = at[dim() * classes + c] - prior_bias[c];
      sum += distance * distance / (2 * n);
    }
    return sum;
  }

  /// Gradient, and Hessian where asked for.
  std::vector<double> gradient(const std::vector<double>& at, Matrix<double>* hessian) const {
    const auto n = static_cast<double>(inputs.rows());
    std::vector<double> result(size(), 0.0);
    if (hessian != nullptr) *hessian = Matrix<double>(size(), size());
    for (std::size_t i = 0; i < inputs.rows(); ++i) {
      const double weight = (weights.empty() ? 1.0 : weights[i]) / n;
      const std::vector<double> p = probabilities(i, at);
      for (std::size_t j = 0; j <= dim(); ++j) {
        for (std::size_t c = 0; c < classes; ++c) {
          const double hit = static_cast<std::size_t>(labels[i]) == c ? 1.0 : 0.0;
          result[j * classes + c] += weight * (p[c] - hit) * input(i, j);
          if (hessian == nullptr) continue;
          for (std::size_t k = 0; k <= dim(); ++k) {
            for (std::size_t e = 0; e < classes; ++e) {
              (*hessian)(j * classes + c, k * classes + e) +=
                  weight * p[c] * ((c == e ? 1.0 : 0.0) - p[e]) * input(i, j) * input(i, k);
            }
          }
        }
      }
    }
    const Matrix<double> moments = second_moments();
    for (std::size_t c = 0; c < classes; ++c) {
      for (std::size_t j = 0; j < dim(); ++j) {
        const std::size_t here = j * classes + c;
        result[here] += weight_decay / n * at[here];
        if (hessian != nullptr) (*hessian)(here, here) += weight_decay / n;
        if (noise.empty()) continue;
        for (std::size_t k = 0; k < dim(); ++k) {
          result[here] += noise[c] * moments(j, k) * at[k * classes + c];
          if (hessian != nullptr) (*hessian)(here, k * classes + c) += noise[c] * moments(j, k);
        }
      }
      if (prior_bias.empty()) continue;
      const std::size_t here = dim() * classes + c;
      result[here] += (at[here] - prior_bias[c]) / n;
      if (hessian != nullptr) (*hessian)(here, here) += 1 / n;
    }
    return result;
  }

  /// The minimum, by damped Newton steps from 0. Requires: weight_decay > 0 and a prior_bias.
  std::vector<double> minimum() const {
    std::vector<double> at(size(), 0.0);
    for (int step = 0; step < 100; ++step) {
      Matrix<double> hessian;
      const std::vector<double> move = solve(hessian_at(at, hessian), gradient(at, nullptr));
      double length = 1;
      std::vector<double> next = at;
      do {
        for (std::size_t i = 0; i < at.size(); ++i) next[i] = at[i] - length * move[i];
        length /= 2;
      } while (length > 1e-9 && !(loss(next) <= loss(at)));
      at = next;
    }
    return at;
  }

 private:
  Matrix<double>& hessian_at(const std::vector<double>& at, Matrix<double>& hessian) const {
    gradient(at, &hessian);
    return hessian;
  }

  /// Gaussian elimination with row pivoting.
  static std::vector<double> solve(Matrix<double>& a, std::vector<double> b) {
    const std::size_t n = b.size();
    for (std::size_t k = 0; k < n; ++k) {
      std::size_t pivot = k;
      for (std::size_t i = k; i < n; ++i) {
        if (std::abs(a(i, k)) > std::abs(a(pivot, k))) pivot = i;
      }
      for (std::size_t j = 0; j < n; ++j) std::swap(a(k, j), a(pivot, j));
      std::swap(b[k], b[pivot]);
      for (std::size_t i = k + 1; i < n; ++i) {
        const double factor = a(i, k) / a(k, k);
        for (std::size_t j = k; j < n; ++j) a(i, j) -= factor * a(k, j);
        b[i] -= factor * b[k];
      }
    }
    for (std::size_t k = n; k-- > 0;) {
      for (std::size_t j = k + 1; j < n; ++j) b[k] -= a(k, j) * b[j];
      b[k] /= a(k, k);
    }
    return b;
  }
};

}  // namespace goldpan::reference
