#pragma once

#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/targets.hpp>

namespace goldpan {

/// What a model says of n items; what it does not predict is empty.
struct Predictions {
  Matrix<float> logits;                            ///< n x C
  double temperature = 1;                          ///< of the calibrated probabilities
  Matrix<float> uncalibrated;                      ///< n x C: softmax of the logits
  Matrix<float> probabilities;                     ///< n x C: softmax of logits / temperature
  std::vector<std::vector<Detection>> detections;  ///< n lists
};

}  // namespace goldpan
