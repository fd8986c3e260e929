#include "models/hidden_layer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "kernels/blas.hpp"
#include "kernels/narrow_product.hpp"
#include "kernels/softmax.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kBlockRows = 64;
constexpr std::size_t kBatchRows = 256;
constexpr std::size_t kEpochs = 15;
constexpr std::size_t kMinSteps = 400;
constexpr double kLearningRate = 2e-3;

LinearLayer make_layer(std::size_t from, std::size_t to) {
  return {Matrix<float>(from, padded_width(to)), std::vector<float>(padded_width(to))};
}

HiddenNetwork make_network(std::size_t dim, std::size_t hidden, std::size_t classes) {
  return {make_layer(dim, hidden), make_layer(padded_width(hidden), classes)};
}

void add(const LinearLayer& from, LinearLayer& to) {
  for (std::size_t i = 0; i < to.weights.size(); ++i) {
    to.weights.data()[i] += from.weights.data()[i];
  }
  for (std::size_t i = 0; i < to.bias.size(); ++i) to.bias[i] += from.bias[i];
}

/// Sets a share of the values to 0 and divides the others by what is kept, in expectation nothing
/// changes.
void drop(MatrixView<float> values, double share, Generator& generator) {
  const auto threshold = static_cast<std::uint32_t>(share * 65536);
  const auto kept = static_cast<float>(1 / (1 - share));
  float* const data = values.data();
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const std::uint32_t bits = generator.bits32();
    data[i] *= (bits & 0xFFFF) < threshold ? 0.0f : kept;
    if (i + 1 < values.size()) data[i + 1] *= (bits >> 16) < threshold ? 0.0f : kept;
  }
}

/// Forward and backward through both layers for a block of rows; adds to the gradient of the sum of
/// losses, which is returned. With a generator, inputs (which it spoils) and hidden units are
/// dropped.
double block_step(MatrixView<float> inputs, std::span<const std::int32_t> labels,
                  std::span<const float> weights, std::size_t classes, const HiddenNetwork& network,
                  double dropout, Generator* generator, HiddenNetwork& gradient) {
  const std::size_t rows = inputs.rows();
  if (generator != nullptr) drop(inputs, dropout, *generator);
  Matrix<float> hidden(rows, network.first.weights.cols());
  hidden_activations(network, inputs, hidden);
  if (generator != nullptr) drop(hidden, dropout, *generator);

  Matrix<float> errors(rows, network.second.weights.cols());
  multiply_narrow(hidden, network.second.weights, network.second.bias, errors);  // logits
  std::vector<float> spread(errors.cols());
  const double loss = cross_entropy_rows(errors, classes, labels, weights, spread);

  const auto add_layer = [](MatrixView<const float> x, const Matrix<float>& e, LinearLayer& to) {
    add_transposed_narrow(x, e, to.weights);
    for (std::size_t i = 0; i < e.rows(); ++i) {
      for (std::size_t c = 0; c < e.cols(); ++c) to.bias[c] += e(i, c);
    }
  };
  add_layer(hidden, errors, gradient.second);
  Matrix<float> hidden_errors(rows, hidden.cols());
  multiply_transposed(errors, network.second.weights, hidden_errors);
  const auto kept = static_cast<float>(generator != nullptr ? 1 / (1 - dropout) : 1.0);
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    hidden_errors.data()[i] *= hidden.data()[i] > 0 ? kept : 0.0f;
  }
  add_layer(inputs, hidden_errors, gradient.first);
  return loss;
}

/// Adam's running averages for one array of parameters.
class Adam {
 public:
  explicit Adam(std::size_t size) : mean_(size), square_(size) {}

  /// `scale` turns the sum of gradients into a mean; `decay` is the penalty's pull.
  void update(std::span<float> values, std::span<const float> gradient, float scale, float decay,
              std::size_t step, double rate) {
    constexpr float kMean = 0.9f, kSquare = 0.999f, kSmall = 1e-8f;
    const auto count = static_cast<double>(step + 1);
    const auto pace = static_cast<float>(rate / (1 - std::pow(double{kMean}, count)));
    const auto unbias = static_cast<float>(1 / (1 - std::pow(double{kSquare}, count)));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float g = scale * gradient[i] + decay * values[i];
      mean_[i] = kMean * mean_[i] + (1 - kMean) * g;
      square_[i] = kSquare * square_[i] + (1 - kSquare) * g * g;
      values[i] -= pace * mean_[i] / (std::sqrt(unbias * square_[i]) + kSmall);
    }
  }

 private:
  std::vector<float> mean_, square_;
};

class LayerAdam {
 public:
  explicit LayerAdam(const LinearLayer& layer)
      : weights_(layer.weights.size()), bias_(layer.bias.size()) {}

  void update(LinearLayer& layer, const LinearLayer& gradient, float scale, double decay,
              std::size_t step, double rate) {
    weights_.update({layer.weights.data(), layer.weights.size()},
                    {gradient.weights.data(), gradient.weights.size()}, scale,
                    static_cast<float>(decay), step, rate);
    bias_.update(layer.bias, gradient.bias, scale, 0.0f, step, rate);
  }

 private:
  Adam weights_, bias_;
};

/// Weights of the real (not padded) connections from N(0, variance).
void draw_weights(LinearLayer& layer, std::size_t from, std::size_t to, double variance,
                  Generator generator) {
  for (std::size_t i = 0; i < from; ++i) {
    for (std::size_t j = 0; j < to; ++j) {
      layer.weights(i, j) = static_cast<float>(std::sqrt(variance) * generator.normal());
    }
  }
}

}  // namespace

void hidden_activations(const HiddenNetwork& network, MatrixView<const float> inputs,
                        MatrixView<float> out) {
  multiply_narrow(inputs, network.first.weights, network.first.bias, out);
  for (std::size_t i = 0; i < out.size(); ++i) out.data()[i] = std::max(0.0f, out.data()[i]);
}

double hidden_step(const LabeledInputs& data, const HiddenNetwork& network,
                   HiddenNetwork& gradient) {
  gradient = make_network(data.inputs.cols(), network.first.weights.cols(), data.classes);
  Matrix<float> inputs(data.inputs.rows(), data.inputs.cols());
  std::copy_n(data.inputs.data(), inputs.size(), inputs.data());
  const double loss =
      block_step(inputs, data.labels, data.weights, data.classes, network, 0, nullptr, gradient);
  const auto share = static_cast<float>(1.0 / static_cast<double>(inputs.rows()));
  for (LinearLayer* layer : {&gradient.first, &gradient.second}) {
    for (std::size_t i = 0; i < layer->weights.size(); ++i) layer->weights.data()[i] *= share;
    for (float& bias : layer->bias) bias *= share;
  }
  return loss * double{share};
}

HiddenNetwork fit_hidden_network(const LabeledInputs& data, const HiddenNetworkOptions& options,
                                 const Generator& generator, Workers& workers) {
  const std::size_t rows = data.inputs.rows(), dim = data.inputs.cols();
  HiddenNetwork network = make_network(dim, options.hidden, data.classes);
  draw_weights(network.first, dim, options.hidden, 2.0 / static_cast<double>(dim),
               generator.stream("first"));
  draw_weights(network.second, options.hidden, data.classes,
               1.0 / static_cast<double>(options.hidden), generator.stream("second"));

  // With few rows smaller batches, so that a pass over them is still several steps.
  const std::size_t batch =
      std::clamp<std::size_t>(rows / 8, std::min<std::size_t>(rows, 16), kBatchRows);
  const std::size_t batches = rows / batch;  // the rest of a pass is left to the next one
  const std::size_t blocks = (batch + kBlockRows - 1) / kBlockRows;
  const std::size_t steps = std::max(kMinSteps, kEpochs * batches);
  const double decay = options.weight_decay / static_cast<double>(rows);
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<HiddenNetwork> gradients(blocks);
  LayerAdam first(network.first), second(network.second);

  for (std::size_t step = 0; step < steps; ++step) {
    if (step % batches == 0) {
      Generator shuffle = generator.stream("order").stream(step / batches);
      shuffle.shuffle(std::span(order));
    }
    const std::size_t* const batch_rows = order.data() + step % batches * batch;
    workers.run(blocks, [&](std::size_t block) {
      const std::size_t begin = block * kBlockRows, end = std::min(batch, begin + kBlockRows);
      Matrix<float> inputs(end - begin, dim);
      std::vector<std::int32_t> labels;
      std::vector<float> weights;
      for (std::size_t i = begin; i < end; ++i) {
        std::ranges::copy(data.inputs.row(batch_rows[i]), inputs.row(i - begin).begin());
        labels.push_back(data.labels[batch_rows[i]]);
        if (!data.weights.empty()) weights.push_back(data.weights[batch_rows[i]]);
      }
      gradients[block] = make_network(dim, options.hidden, data.classes);
      Generator noise = generator.stream("dropout").stream(step * blocks + block);
      block_step(inputs, labels, weights, data.classes, network, options.dropout,
                 options.dropout > 0 ? &noise : nullptr, gradients[block]);
    });
    for (std::size_t block = 1; block < blocks; ++block) {
      add(gradients[block].first, gradients[0].first);
      add(gradients[block].second, gradients[0].second);
    }
    const double progress = static_cast<double>(step) / static_cast<double>(steps);
    const double rate = kLearningRate * 0.5 * (1 + std::cos(std::numbers::pi * progress));
    const auto scale = static_cast<float>(1.0 / static_cast<double>(batch));
    first.update(network.first, gradients[0].first, scale, decay * static_cast<double>(dim), step,
                 rate);
    second.update(network.second, gradients[0].second, scale,
                  decay * static_cast<double>(options.hidden), step, rate);
  }
  return network;
}

}  // namespace goldpan
