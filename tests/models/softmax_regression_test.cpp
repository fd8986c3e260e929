#include "models/softmax_regression.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/narrow_product.hpp"
#include "kernels/symmetric.hpp"
#include "models/clusters.hpp"
#include "reference/softmax_regression.hpp"

namespace goldpan {
namespace {

reference::SoftmaxRegression make_reference(const Clusters& clusters, std::size_t classes) {
  reference::SoftmaxRegression reference;
  reference.inputs = Matrix<double>(clusters.embeddings.rows(), clusters.embeddings.cols());
  for (std::size_t i = 0; i < reference.inputs.size(); ++i) {
    reference.inputs.data()[i] = clusters.embeddings.data()[i];
  }
  reference.labels = clusters.labels;
  reference.classes = classes;
  return reference;
}

LinearLayer random_layer(std::size_t dim, std::size_t classes, std::uint64_t seed) {
  Generator generator(seed);
  LinearLayer layer{Matrix<float>(dim, padded_width(classes)),
                    std::vector<float>(padded_width(classes))};
  for (std::size_t j = 0; j < dim; ++j) {
    for (std::size_t c = 0; c < classes; ++c) {
      layer.weights(j, c) = static_cast<float>(0.5 * generator.normal());
    }
  }
  for (std::size_t c = 0; c < classes; ++c) layer.bias[c] = static_cast<float>(generator.normal());
  return layer;
}

std::vector<double> parameters_of(const LinearLayer& layer, std::size_t classes) {
  std::vector<double> parameters;
  for (std::size_t j = 0; j < layer.weights.rows(); ++j) {
    for (std::size_t c = 0; c < classes; ++c) parameters.push_back(layer.weights(j, c));
  }
  for (std::size_t c = 0; c < classes; ++c) parameters.push_back(layer.bias[c]);
  return parameters;
}

std::vector<double> prior_of(const std::vector<std::int32_t>& labels, std::size_t classes) {
  std::vector<double> counts(classes, 0.5);
  for (const std::int32_t label : labels) counts[static_cast<std::size_t>(label)] += 1;
  for (double& count : counts) {
    count =
        std::log(count / (static_cast<double>(labels.size()) + static_cast<double>(classes) / 2));
  }
  return counts;
}

TEST(ReferenceSoftmaxRegression, GradientIsTheSlopeOfTheLoss) {
  const Clusters clusters = make_clusters(20, 3, 3, 1);
  reference::SoftmaxRegression reference = make_reference(clusters, 3);
  reference.weight_decay = 0.7;
  reference.noise = {0.1, 0.2, 0.3};
  reference.prior_bias = {0.1, -0.2, 0.3};
  std::vector<double> at = parameters_of(random_layer(3, 3, 2), 3);
  const std::vector<double> gradient = reference.gradient(at, nullptr);
  for (std::size_t i = 0; i < at.size(); ++i) {
    std::vector<double> above = at, below = at;
    above[i] += 1e-5;
    below[i] -= 1e-5;
    EXPECT_NEAR(gradient[i], (reference.loss(above) - reference.loss(below)) / 2e-5, 1e-8);
  }
}

TEST(CrossEntropyStep, AgreesWithTheReference) {
  for (const std::size_t classes : {2, 3, 16, 17, 70}) {
    // More rows than one block, and not a multiple of it.
    const Clusters clusters = make_clusters(150, 7, classes, 3);
    reference::SoftmaxRegression reference = make_reference(clusters, classes);
    const LinearLayer layer = random_layer(7, classes, 4);
    const std::vector<double> at = parameters_of(layer, classes);
    Workers workers(1);
    for (const bool weighted : {false, true}) {
      std::vector<float> weights;
      if (weighted) {
        for (std::size_t i = 0; i < 150; ++i) weights.push_back(0.1f + static_cast<float>(i % 5));
        reference.weights.assign(weights.begin(), weights.end());
      }
      LinearGradient gradient;
      const double loss = cross_entropy_step(
          {clusters.embeddings, clusters.labels, weights, classes}, layer, gradient, workers);
      EXPECT_NEAR(loss, reference.loss(at), 1e-6 * loss);
      const std::vector<double> expected = reference.gradient(at, nullptr);
      const std::vector<double> found = parameters_of(gradient.layer, classes);
      for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 2e-6);
      for (std::size_t c = 0; c < classes; ++c) {
        double spread = 0;
        for (std::size_t i = 0; i < 150; ++i) {
          const double p = reference.probabilities(i, at)[c];
          spread += p * (1 - p) / 150;
        }
        EXPECT_NEAR(gradient.spread[c], spread, 1e-6);
      }
      for (std::size_t c = classes; c < layer.bias.size(); ++c) {
        EXPECT_EQ(gradient.layer.bias[c], 0);
        EXPECT_EQ(gradient.layer.weights(0, c), 0);
      }
    }
  }
}

TEST(CrossEntropyStep, SameBitsForAnyThreads) {
  const Clusters clusters = make_clusters(5000, 20, 10, 5);
  const LinearLayer layer = random_layer(20, 10, 6);
  LinearGradient one;
  Workers single(1);
  const LabeledInputs data{clusters.embeddings, clusters.labels, {}, 10};
  const double loss = cross_entropy_step(data, layer, one, single);
  for (const int threads : {2, 4}) {
    Workers workers(threads);
    LinearGradient more;
    EXPECT_EQ(cross_entropy_step(data, layer, more, workers), loss);
    EXPECT_EQ(parameters_of(more.layer, 10), parameters_of(one.layer, 10));
    EXPECT_EQ(more.spread, one.spread);
  }
}

TEST(SoftmaxRegression, FindsTheOptimumOfNewtonsMethod) {
  for (const double dropout : {0.0, 0.2}) {
    const std::size_t classes = 3;
    const Clusters clusters = make_clusters(80, 5, classes, 7);
    Workers workers(1);
    const SoftmaxRegression found = fit_softmax_regression(
        {clusters.embeddings, clusters.labels, {}, classes},
        {.weight_decay = 0.5, .dropout = dropout, .tolerance = 1e-9}, workers);
    EXPECT_TRUE(found.converged);

    reference::SoftmaxRegression reference = make_reference(clusters, classes);
    reference.weight_decay = 0.5;
    reference.prior_bias = prior_of(clusters.labels, classes);
    for (const double spread : found.spread) {
      reference.noise.push_back(dropout / (1 - dropout) * 3 / 2 * spread);
    }
    const std::vector<double> best = reference.minimum();
    const std::vector<double> at = parameters_of(found.layer, classes);
    EXPECT_NEAR(found.loss, reference.loss(best), 1e-6);
    for (std::size_t i = 0; i < at.size(); ++i) EXPECT_NEAR(at[i], best[i], 2e-3);
  }
}

TEST(SoftmaxRegression, ConvergesOnBadlyConditionedInputs) {
  // Columns that are all but copies of each other: condition number about 10^6.
  Clusters clusters = make_clusters(400, 12, 4, 8);
  for (std::size_t i = 0; i < 400; ++i) {
    for (std::size_t j = 6; j < 12; ++j) {
      clusters.embeddings(i, j) =
          clusters.embeddings(i, j - 6) + 0.001f * clusters.embeddings(i, j);
    }
  }
  Workers workers(1);
  const SoftmaxRegression found = fit_softmax_regression(
      {clusters.embeddings, clusters.labels, {}, 4}, {.weight_decay = 0.1, .dropout = 0}, workers);
  EXPECT_TRUE(found.converged);
  EXPECT_LT(found.steps, 60);
  reference::SoftmaxRegression reference = make_reference(clusters, 4);
  reference.weight_decay = 0.1;
  reference.prior_bias = prior_of(clusters.labels, 4);
  EXPECT_NEAR(found.loss, reference.loss(reference.minimum()), 5e-4);
}

TEST(SoftmaxRegression, CountsAnExampleOfWeightTwoAsTwoExamples) {
  const Clusters once = make_clusters(60, 4, 3, 9);
  Clusters twice{Matrix<float>(80, 4), once.labels, {}};
  std::vector<float> weights(60, 60.0f / 80);
  std::copy_n(once.embeddings.data(), once.embeddings.size(), twice.embeddings.data());
  for (std::size_t i = 0; i < 20; ++i) {
    weights[i] *= 2;
    std::ranges::copy(once.embeddings.row(i), twice.embeddings.row(60 + i).begin());
    twice.labels.push_back(once.labels[i]);
  }
  Workers workers(1);
  // The penalty of a loss over 60 rows of mean weight 1, and that over 80 rows of weight 1.
  const SoftmaxRegression weighted =
      fit_softmax_regression({once.embeddings, once.labels, weights, 3},
                             {.weight_decay = 60, .dropout = 0, .tolerance = 1e-9}, workers);
  const SoftmaxRegression repeated =
      fit_softmax_regression({twice.embeddings, twice.labels, {}, 3},
                             {.weight_decay = 80, .dropout = 0, .tolerance = 1e-9}, workers);
  const auto a = parameters_of(weighted.layer, 3), b = parameters_of(repeated.layer, 3);
  // The intercepts' prior is one example's worth of a different number; all else is equal.
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(a[i], b[i], 2e-3);
}

TEST(SoftmaxRegression, DropoutTermIsWhatDropoutCosts) {
  const std::size_t classes = 4, dim = 6;
  Clusters clusters = make_clusters(84, dim, classes, 10, 0.7);
  Workers workers(1);
  const double share = 0.02;
  const SoftmaxRegression model =
      fit_softmax_regression({clusters.embeddings, clusters.labels, {}, classes},
                             {.weight_decay = 1, .dropout = share}, workers);
  LinearGradient gradient;
  const LabeledInputs data{clusters.embeddings, clusters.labels, {}, classes};
  const double plain = cross_entropy_step(data, model.layer, gradient, workers);
  double promised = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    for (std::size_t j = 0; j < dim; ++j) {
      for (std::size_t k = 0; k < dim; ++k) {
        promised += share / (1 - share) * 4 / 3 / 2 * gradient.spread[c] *
                    model.layer.weights(j, c) * model.layer.weights(k, c) *
                    model.moments.full(j, k);
      }
    }
  }
  // Drop principal components at random, many times.
  Matrix<double> moments(dim, dim);
  std::copy_n(model.moments.full.data(), moments.size(), moments.data());
  const Matrix<float> basis = eigen_of_symmetric(moments).vectors;
  Generator generator(11);
  double cost = 0;
  const int masks = 4000;
  for (int m = 0; m < masks; ++m) {
    LinearLayer noisy = model.layer;
    std::fill_n(noisy.weights.data(), noisy.weights.size(), 0.0f);
    for (std::size_t q = 0; q < dim; ++q) {
      if (generator.uniform() < share) continue;
      for (std::size_t c = 0; c < classes; ++c) {
        float component = 0;
        for (std::size_t j = 0; j < dim; ++j) component += basis(q, j) * model.layer.weights(j, c);
        for (std::size_t j = 0; j < dim; ++j) {
          noisy.weights(j, c) += basis(q, j) * component / static_cast<float>(1 - share);
        }
      }
    }
    LinearGradient unused;
    cost += (cross_entropy_step(data, noisy, unused, workers) - plain) / masks;
  }
  // The term takes row and column averages apart, which are not quite independent.
  EXPECT_GT(cost, 0);
  EXPECT_LT(promised / cost, 1.5);
  EXPECT_GT(promised / cost, 0.7);
}

}  // namespace
}  // namespace goldpan
