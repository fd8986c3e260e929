#pragma once

#include <cstddef>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>

#include "models/softmax_regression.hpp"

namespace goldpan {

/// Logits relu(x W1 + b1) W2 + b2. The H hidden units are padded to whole vectors, with weights of
/// 0 in W1 and W2, as classes are.
struct HiddenNetwork {
  LinearLayer first;   ///< D x padded H
  LinearLayer second;  ///< padded H x padded C
};

struct HiddenNetworkOptions {
  std::size_t hidden = 0;
  /// The loss has weight_decay * fan-in / (2 n) |W|^2 for each layer: the penalty of softmax
  /// regression on inputs of unit squared norm, for inputs of unit variance.
  double weight_decay = 0;
  double dropout = 0;  ///< share of inputs and of hidden units dropped in each step
};

/// Activations of a block of rows: relu(inputs W1 + b1), R x padded H.
void hidden_activations(const HiddenNetwork& network, MatrixView<const float> inputs,
                        MatrixView<float> out);

/// Trains by Adam (Kingma and Ba 2015) on minibatches with dropout (Srivastava et al. 2014), the
/// rate falling along a cosine to zero: 15 passes over the rows, and at least 400 steps. Inputs are
/// expected with unit variances. A minibatch is cut into blocks whose gradients are added in order:
/// no bit depends on the number of threads.
HiddenNetwork fit_hidden_network(const LabeledInputs& data, const HiddenNetworkOptions& options,
                                 const Generator& generator, Workers& workers);

/// The mean loss of the rows without dropout and penalty, and its gradient: the train step, as
/// fit_hidden_network does it for each block of a minibatch.
double hidden_step(const LabeledInputs& data, const HiddenNetwork& network,
                   HiddenNetwork& gradient);

}  // namespace goldpan
