#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <string>

#include <goldpan/core/error.hpp>
#include <goldpan/models/temperature.hpp>

#include "kernels/softmax.hpp"

namespace goldpan {
namespace {

constexpr double kLargest = 20;
constexpr int kMaxIterations = 60;
/// On ln T: a ten-millionth of the temperature.
constexpr double kTolerance = 1e-7;

/// The mean negative log-likelihood and its derivatives with respect to s = ln T.
struct Likelihood {
  double nll = 0;
  double slope = 0;
  double curvature = 0;
};

void check(MatrixView<const float> logits, std::span<const std::int32_t> labels) {
  if (logits.rows() != labels.size()) {
    throw Error("labels", "got " + std::to_string(labels.size()) + " labels, expected " +
                              std::to_string(logits.rows()) + ", one a row of logits");
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto of_row = " of row " + std::to_string(i);
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= logits.cols()) {
      throw Error("labels", "got label " + std::to_string(labels[i]) + of_row +
                                ", expected less than " + std::to_string(logits.cols()) +
                                " and not negative");
    }
    for (const float logit : logits.row(i)) {
      if (!std::isfinite(logit)) {
        throw Error("logits", "got a NaN or an infinity" + of_row + ", expected numbers");
      }
    }
  }
}

/// With b = 1/T = e^-s, a row's loss is ln sum_c e^(b z_c) - b z_y. Its derivative in b is
/// m - z_y, with m the mean of z under softmax(b z), and the second derivative the variance of z;
/// db/ds = -b turns them into those in s.
Likelihood evaluate(MatrixView<const float> logits, std::span<const std::int32_t> labels,
                    double log_temperature) {
  const double b = std::exp(-log_temperature);
  double nll = 0, first = 0, second = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::span<const float> row = logits.row(i);
    const double top = *std::ranges::max_element(row);
    double sum = 0, mean = 0, square = 0;
    for (const float value : row) {
      const double z = value - top;  // at most 0: no overflow, and small numbers where it matters
      const double e = std::exp(b * z);
      sum += e;
      mean += e * z;
      square += e * z * z;
    }
    mean /= sum;
    const double label = row[static_cast<std::size_t>(labels[i])] - top;
    nll += std::log(sum) - b * label;
    first += mean - label;
    second += std::max(0.0, square / sum - mean * mean);
  }
  const double n = static_cast<double>(labels.size());
  return {nll / n, -b * first / n, (b * first + b * b * second) / n};
}

}  // namespace

TemperatureFit fit_temperature(MatrixView<const float> logits,
                               std::span<const std::int32_t> labels) {
  check(logits, labels);
  TemperatureFit fit;
  fit.converged = true;
  if (labels.empty()) return fit;

  double low = -std::log(kLargest), high = std::log(kLargest), at = 0;
  Likelihood here = evaluate(logits, labels, at);
  fit.nll_before = fit.nll_after = here.nll;
  if (here.slope == 0 && here.curvature == 0) return fit;  // no temperature changes anything

  const Likelihood at_low = evaluate(logits, labels, low), at_high = evaluate(logits, labels, high);
  if (at_low.slope >= 0 || at_high.slope <= 0) {
    at = at_low.slope >= 0 ? low : high;
    here = at_low.slope >= 0 ? at_low : at_high;
  } else {
    // The slope is negative below the minimum and positive above: it stays bracketed, and where a
    // Newton step leaves the bracket or fails to halve the one before, bisection takes its turn.
    fit.converged = false;
    double last_step = high - low;
    while (fit.iterations < kMaxIterations && !fit.converged) {
      ++fit.iterations;
      (here.slope > 0 ? high : low) = at;
      double next = at - here.slope / here.curvature;
      if (!(here.curvature > 0) || next <= low || next >= high ||
          std::abs(next - at) > last_step / 2) {
        next = (low + high) / 2;
      }
      last_step = std::abs(next - at);
      fit.converged = last_step < kTolerance;
      at = next;
      here = evaluate(logits, labels, at);
    }
  }
  if (here.nll < fit.nll_before) {
    fit.temperature = static_cast<float>(std::exp(at));
    fit.nll_after = here.nll;
  }
  return fit;
}

void apply_temperature(MatrixView<float> logits, float temperature) {
  assert(temperature > 0);
  softmax_rows(logits, 1.0f / temperature);
}

}  // namespace goldpan
