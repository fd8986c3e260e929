#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/stochastic_passes.hpp>
#include <goldpan/core/targets.hpp>

namespace goldpan {

/// What is asked of a model before a batch is chosen; nothing else is computed.
struct SignalsWanted {
  bool probabilities = false;
  bool features = false;
  std::size_t passes = 0;  ///< stochastic passes; 0: none
  /// Boxes found, of learners that find some; `box_features` also asks for their features.
  bool detections = false;
  bool box_features = false;
};

/// What a model says of the rows of a pool, for strategies to look at. What was not wanted is
/// empty.
struct Signals {
  Matrix<float> probabilities;               ///< N x C, calibrated
  Matrix<float> features;                    ///< N x H, empty where they are the embeddings
  std::unique_ptr<StochasticPasses> passes;  ///< over all rows; looks at the model, which must stay
  std::vector<std::vector<Detection>> detections;  ///< N lists
  std::vector<std::vector<Index>> feature_rows;    ///< parallel: each box's row of box_features
  Matrix<float> box_features;                      ///< M x D
};

}  // namespace goldpan
