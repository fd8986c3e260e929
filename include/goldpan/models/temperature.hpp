#pragma once

#include <cstdint>
#include <span>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// Temperature scaling (Guo et al. 2017): divide logits by one number fitted on held-out labels.
struct TemperatureFit {
  float temperature = 1.0f;
  /// Mean negative log-likelihood on the held-out labels, in nats, before and after.
  double nll_before = 0;
  double nll_after = 0;
  int iterations = 0;
  bool converged = false;
};

/// Minimises the negative log-likelihood of `labels` (n) under softmax(logits / T) (logits n x C)
/// by safeguarded 1-d Newton on ln T, within [1/20, 20]. The likelihood has one minimum, since it
/// is convex in 1/T. Where that lies outside the range (held-out labels all predicted right ask for
/// T = 0, logits worse than chance for infinity) T is the nearer end. With no examples, or where no
/// temperature changes the likelihood, T = 1.
///
/// Throws Error if the lengths differ, a label is not in [0, C) or a logit is not finite.
TemperatureFit fit_temperature(MatrixView<const float> logits,
                               std::span<const std::int32_t> labels);

/// Softmax of each row divided by the temperature, in place: logits become probabilities.
void apply_temperature(MatrixView<float> logits, float temperature);

}  // namespace goldpan
