#include "models/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <vector>

namespace goldpan {
namespace {

double dot(std::span<const float> a, std::span<const float> b) {
  // Four sums, so that the compiler may use vectors without reordering a single one.
  double sums[4] = {};
  std::size_t i = 0;
  for (; i + 4 <= a.size(); i += 4) {
    for (std::size_t k = 0; k < 4; ++k) sums[k] += double{a[i + k]} * double{b[i + k]};
  }
  for (; i < a.size(); ++i) sums[0] += double{a[i]} * double{b[i]};
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// to += factor * from
void add_scaled(double factor, std::span<const float> from, std::span<float> to) {
  const auto f = static_cast<float>(factor);
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += f * from[i];
}

/// One step taken, and what it did to the gradient.
struct Pair {
  std::vector<float> step, change;
  double inverse_curvature = 0;  // 1 / (step . change)
};

/// direction = -H gradient, with H the inverse Hessian that the pairs imply (two-loop recursion).
void find_direction(const std::deque<Pair>& pairs, std::span<const float> gradient,
                    std::span<float> direction) {
  std::transform(gradient.begin(), gradient.end(), direction.begin(), [](float g) { return -g; });
  if (pairs.empty()) return;
  std::vector<double> alphas(pairs.size());
  for (std::size_t i = pairs.size(); i-- > 0;) {
    alphas[i] = pairs[i].inverse_curvature * dot(pairs[i].step, direction);
    add_scaled(-alphas[i], pairs[i].change, direction);
  }
  const Pair& last = pairs.back();
  const auto scale =
      static_cast<float>(1.0 / (last.inverse_curvature * dot(last.change, last.change)));
  for (float& value : direction) value *= scale;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const double beta = pairs[i].inverse_curvature * dot(pairs[i].change, direction);
    add_scaled(alphas[i] - beta, pairs[i].step, direction);
  }
}

}  // namespace

LbfgsResult minimize_lbfgs(
    const std::function<double(std::span<const float>, std::span<float>)>& function,
    std::span<float> x, const LbfgsOptions& options) {
  constexpr double kSufficientDecrease = 1e-4;
  constexpr int kMaxBacktracks = 20;
  // Values are sums of float terms: below this share of them a difference is rounding noise.
  constexpr double kNoise = 1e-7;

  const std::size_t size = x.size();
  std::vector<float> gradient(size), direction(size), next(size), next_gradient(size);
  std::deque<Pair> pairs;
  LbfgsResult result;
  result.value = function(x, gradient);
  result.evaluations = 1;

  while (result.evaluations < options.max_evaluations) {
    find_direction(pairs, gradient, direction);
    const double slope = dot(gradient, direction);
    if (-slope / 2 <= options.tolerance) {
      result.converged = true;
      return result;
    }
    double length = 1;
    double value = 0;
    bool accepted = false;
    for (int tries = 0; tries < kMaxBacktracks && !accepted; ++tries) {
      for (std::size_t i = 0; i < size; ++i) {
        next[i] = x[i] + static_cast<float>(length) * direction[i];
      }
      value = function(next, next_gradient);
      ++result.evaluations;
      const double bound = result.value + kSufficientDecrease * length * slope;
      accepted = value <= bound + kNoise * std::abs(result.value);
      if (accepted) break;
      // The minimum of the parabola through value, slope and new value, kept within reason.
      const double curvature = value - result.value - length * slope;
      const double best = -slope * length * length / (2 * curvature);
      length = std::isfinite(best) ? std::clamp(best, 0.1 * length, 0.5 * length) : 0.1 * length;
    }
    // No step along a descent direction lowers the value: rounding has the last word.
    if (!accepted) return result;

    Pair pair;
    pair.step.resize(size);
    pair.change.resize(size);
    for (std::size_t i = 0; i < size; ++i) {
      pair.step[i] = next[i] - x[i];
      pair.change[i] = next_gradient[i] - gradient[i];
    }
    std::copy(next.begin(), next.end(), x.begin());
    gradient.swap(next_gradient);
    result.value = value;
    // Rounding can make a tiny step's curvature meaningless; such a pair would spoil all others.
    const double curvature = dot(pair.step, pair.change);
    if (curvature > 1e-10 * std::sqrt(dot(pair.step, pair.step) * dot(pair.change, pair.change))) {
      pair.inverse_curvature = 1 / curvature;
      if (pairs.size() == static_cast<std::size_t>(options.memory)) pairs.pop_front();
      pairs.push_back(std::move(pair));
    }
  }
  return result;
}

}  // namespace goldpan
