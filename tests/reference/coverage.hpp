#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan::reference {

/// Rows at length 1, in double.
inline Matrix<double> unit_rows(MatrixView<const float> x) {
  Matrix<double> out(x.rows(), x.cols());
  for (std::size_t i = 0; i < x.rows(); ++i) {
    double sum = 0;
    for (const float value : x.row(i)) sum += double{value} * value;
    for (std::size_t d = 0; d < x.cols() && sum > 0; ++d) out(i, d) = x(i, d) / std::sqrt(sum);
  }
  return out;
}

inline double unit_distance(const Matrix<double>& unit, std::size_t a, std::size_t b) {
  double sum = 0;
  for (std::size_t d = 0; d < unit.cols(); ++d) {
    sum += (unit(a, d) - unit(b, d)) * (unit(a, d) - unit(b, d));
  }
  return std::sqrt(sum);
}

inline Matrix<double> gaussian_kernel(MatrixView<const float> x, double radius) {
  const Matrix<double> unit = unit_rows(x);
  Matrix<double> kernel(x.rows(), x.rows());
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t j = 0; j < x.rows(); ++j) {
      const double ratio = unit_distance(unit, i, j) / radius;
      kernel(i, j) = std::exp(-ratio * ratio);
    }
  }
  return kernel;
}

inline Matrix<double> cosine_kernel(MatrixView<const float> x) {
  const Matrix<double> unit = unit_rows(x);
  Matrix<double> kernel(x.rows(), x.rows());
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t j = 0; j < x.rows(); ++j) {
      double dot = 0;
      for (std::size_t d = 0; d < x.cols(); ++d) dot += unit(i, d) * unit(j, d);
      kernel(i, j) = (1 + dot) / 2;
    }
  }
  return kernel;
}

/// The plain greedy algorithm on a dense kernel, every gain recomputed for every pick. Gains within
/// `tie` of each other count as equal: the lowest row is taken.
inline std::vector<Index> greedy_coverage(const Matrix<double>& kernel,
                                          std::span<const Index> labeled,
                                          std::span<const Index> unlabeled,
                                          const std::function<double(Index)>& weight,
                                          std::size_t batch, std::vector<double>& gains,
                                          double tie = 0) {
  std::vector<Index> rows(labeled.begin(), labeled.end());
  rows.insert(rows.end(), unlabeled.begin(), unlabeled.end());
  std::vector<double> reached(kernel.rows(), 0.0);
  const auto cover = [&](Index center) {
    for (const Index x : rows) reached[x] = std::max(reached[x], kernel(center, x));
  };
  for (const Index row : labeled) cover(row);
  std::vector<bool> picked(kernel.rows(), false);
  std::vector<Index> picks;
  while (picks.size() < batch) {
    double most = -1;
    Index best = 0;
    for (const Index u : unlabeled) {
      if (picked[u]) continue;
      double gain = 0;
      for (const Index x : rows) gain += weight(x) * std::max(0.0, kernel(u, x) - reached[x]);
      gain /= static_cast<double>(rows.size());
      if (gain > most + tie) {
        most = gain;
        best = u;
      }
    }
    picks.push_back(best);
    gains.push_back(most);
    picked[best] = true;
    cover(best);
  }
  return picks;
}

}  // namespace goldpan::reference
