#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan::reference {

/// A linear head: C x D weights and C biases, in double.
struct Head {
  Matrix<double> weights;
  std::vector<double> bias;

  std::vector<double> logits(std::span<const double> z) const {
    std::vector<double> out = bias;
    for (std::size_t c = 0; c < out.size(); ++c) {
      for (std::size_t d = 0; d < z.size(); ++d) out[c] += weights(c, d) * z[d];
    }
    return out;
  }
};

inline std::size_t arg_max(const std::vector<double>& values) {
  return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

/// ALFA-Mix by the letter: alpha for each component, the mixed feature, its prediction.
inline bool alfa_mix_changes(const Head& head, std::span<const double> z,
                             const std::vector<std::vector<double>>& anchors, double epsilon) {
  const std::vector<double> logits = head.logits(z);
  const std::size_t plain = arg_max(logits);
  double sum = 0;
  std::vector<double> p(logits.size());
  for (std::size_t c = 0; c < p.size(); ++c) sum += p[c] = std::exp(logits[c] - logits[plain]);
  std::vector<double> gradient(z.size(), 0.0);
  double norm = 0;
  for (std::size_t d = 0; d < z.size(); ++d) {
    for (std::size_t c = 0; c < p.size(); ++c) {
      gradient[d] += head.weights(c, d) * (p[c] / sum - (c == plain ? 1.0 : 0.0));
    }
    norm += gradient[d] * gradient[d];
  }
  norm = std::sqrt(norm);
  for (const std::vector<double>& anchor : anchors) {
    double distance = 0;
    for (std::size_t d = 0; d < z.size(); ++d) {
      distance += (anchor[d] - z[d]) * (anchor[d] - z[d]);
    }
    distance = std::sqrt(distance);
    std::vector<double> mixed(z.size());
    for (std::size_t d = 0; d < z.size(); ++d) {
      const double alpha = epsilon * distance * gradient[d] / (norm * (anchor[d] - z[d]));
      mixed[d] = alpha * anchor[d] + (1 - alpha) * z[d];
    }
    if (arg_max(head.logits(mixed)) != plain) return true;
  }
  return false;
}

}  // namespace goldpan::reference
