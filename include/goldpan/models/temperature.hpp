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
/// by safeguarded 1-d Newton on ln T, within [1/20, 20]. With no examples, T = 1.
TemperatureFit fit_temperature(MatrixView<const float> logits,
                               std::span<const std::int32_t> labels);

/// Softmax of each row divided by the temperature, in place: logits become probabilities.
void apply_temperature(MatrixView<float> logits, float temperature);

/// Expected calibration error over equal-mass bins of confidence (Nixon et al. 2019): probabilities
/// n x C.
double expected_calibration_error(MatrixView<const float> probabilities,
                                  std::span<const std::int32_t> labels, int bins = 15);

}  // namespace goldpan
