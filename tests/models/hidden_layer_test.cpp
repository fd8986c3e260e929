#include "models/hidden_layer.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "models/clusters.hpp"

namespace goldpan {
namespace {

/// The same network in double precision, a sum at a time.
double reference_loss(const Clusters& data, std::size_t classes, const HiddenNetwork& network) {
  double loss = 0;
  for (std::size_t i = 0; i < data.labels.size(); ++i) {
    std::vector<double> logits(classes);
    for (std::size_t c = 0; c < classes; ++c) logits[c] = network.second.bias[c];
    for (std::size_t h = 0; h < network.first.bias.size(); ++h) {
      double sum = network.first.bias[h];
      for (std::size_t j = 0; j < data.embeddings.cols(); ++j) {
        sum += double{data.embeddings(i, j)} * network.first.weights(j, h);
      }
      for (std::size_t c = 0; c < classes; ++c) {
        logits[c] += std::max(0.0, sum) * network.second.weights(h, c);
      }
    }
    double total = 0;
    for (const double logit : logits) total += std::exp(logit);
    loss += std::log(total) - logits[static_cast<std::size_t>(data.labels[i])];
  }
  return loss / static_cast<double>(data.labels.size());
}

TEST(HiddenStep, GradientIsTheSlopeOfTheReferenceLoss) {
  const Clusters data = make_clusters(50, 4, 3, 1);
  Workers workers(1);
  const LabeledInputs inputs{data.embeddings, data.labels, {}, 3};
  HiddenNetwork network = fit_hidden_network(
      inputs, {.hidden = 5, .weight_decay = 1, .dropout = 0.1}, Generator(2), workers);
  HiddenNetwork gradient;
  EXPECT_NEAR(hidden_step(inputs, network, gradient), reference_loss(data, 3, network), 1e-6);
  const auto check = [&](float& parameter, float slope) {
    const float before = parameter;
    parameter = before + 1e-3f;
    const double above = reference_loss(data, 3, network), top = parameter;
    parameter = before - 1e-3f;
    const double below = reference_loss(data, 3, network), bottom = parameter;
    parameter = before;
    EXPECT_NEAR(slope, (above - below) / (top - bottom), 2e-3);
  };
  for (std::size_t h = 0; h < 5; ++h) {
    for (std::size_t j = 0; j < 4; ++j) {
      check(network.first.weights(j, h), gradient.first.weights(j, h));
    }
    for (std::size_t c = 0; c < 3; ++c) {
      check(network.second.weights(h, c), gradient.second.weights(h, c));
    }
    check(network.first.bias[h], gradient.first.bias[h]);
  }
  for (std::size_t c = 0; c < 3; ++c) check(network.second.bias[c], gradient.second.bias[c]);
}

TEST(HiddenNetwork, PaddingStaysZero) {
  const Clusters data = make_clusters(50, 4, 3, 3);
  Workers workers(1);
  const HiddenNetwork network =
      fit_hidden_network({data.embeddings, data.labels, {}, 3},
                         {.hidden = 5, .weight_decay = 1, .dropout = 0.1}, Generator(2), workers);
  for (std::size_t h = 5; h < network.first.bias.size(); ++h) {
    EXPECT_EQ(network.first.bias[h], 0);
    EXPECT_EQ(network.first.weights(0, h), 0);
    EXPECT_EQ(network.second.weights(h, 0), 0);
  }
  for (std::size_t c = 3; c < network.second.bias.size(); ++c) {
    EXPECT_EQ(network.second.bias[c], 0);
    EXPECT_EQ(network.second.weights(0, c), 0);
  }
}

}  // namespace
}  // namespace goldpan
