#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>

namespace goldpan::reference {

/// The gradient embedding of one row, written out: (p - onehot(argmax p)) (x) h, C * D long.
inline std::vector<double> gradient_embedding(std::span<const float> p, std::span<const float> h) {
  const auto predicted = std::max_element(p.begin(), p.end()) - p.begin();
  std::vector<double> g;
  for (std::size_t c = 0; c < p.size(); ++c) {
    const double q = static_cast<double>(p[c]) - (static_cast<std::ptrdiff_t>(c) == predicted);
    for (const float value : h) g.push_back(q * value);
  }
  return g;
}

inline double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

/// BADGE as METHODS defines it, with every weight computed at every pick.
inline std::vector<Index> badge(MatrixView<const float> h, MatrixView<const float> p,
                                std::span<const Index> unlabeled, std::size_t batch,
                                Generator& generator) {
  std::vector<std::vector<double>> g;
  for (const Index row : unlabeled) g.push_back(gradient_embedding(p.row(row), h.row(row)));
  const std::vector<double> zero(h.cols() * p.cols());
  std::vector<double> weights(g.size(), std::numeric_limits<double>::infinity());
  std::vector<Index> picks;
  const auto take = [&](std::size_t i) {
    picks.push_back(unlabeled[i]);
    for (std::size_t j = 0; j < g.size(); ++j) {
      weights[j] = std::min(weights[j], squared_distance(g[i], g[j]));
    }
  };
  std::size_t longest = 0;
  for (std::size_t i = 1; i < g.size(); ++i) {
    if (squared_distance(g[i], zero) > squared_distance(g[longest], zero)) longest = i;
  }
  take(longest);
  while (picks.size() < batch) {
    double total = 0;
    for (const double weight : weights) total += weight;
    double target = generator.uniform() * total;
    std::size_t i = 0;
    while (target >= weights[i]) target -= weights[i++];
    take(i);
  }
  return picks;
}

}  // namespace goldpan::reference
