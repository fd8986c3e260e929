#pragma once

#include <cstddef>
#include <memory>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/stochastic_passes.hpp>

namespace goldpan {

/// What is asked of a model before a batch is chosen; nothing else is computed.
struct SignalsWanted {
  bool probabilities = false;
  bool features = false;
  std::size_t passes = 0;  ///< stochastic passes; 0: none
};

/// What a model says of the rows of a pool, for strategies to look at. What was not wanted is
/// empty.
struct Signals {
  Matrix<float> probabilities;               ///< N x C, calibrated
  Matrix<float> features;                    ///< N x H, empty where they are the embeddings
  std::unique_ptr<StochasticPasses> passes;  ///< over all rows; looks at the model, which must stay
};

}  // namespace goldpan
