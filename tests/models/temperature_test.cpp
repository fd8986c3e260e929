#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>
#include <goldpan/models/temperature.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

double nll(const Matrix<float>& logits, const std::vector<std::int32_t>& labels, double t) {
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    double total = 0;
    for (const float z : logits.row(i)) total += std::exp(double{z} / t);
    sum += std::log(total) - logits(i, static_cast<std::size_t>(labels[i])) / t;
  }
  return sum / static_cast<double>(labels.size());
}

struct Held {
  Matrix<float> logits;
  std::vector<std::int32_t> labels;
};

/// Logits whose softmax, at temperature `truth`, the labels are drawn from.
Held draw(std::size_t rows, std::size_t classes, double truth, std::uint64_t seed) {
  Generator generator(seed);
  Held held{Matrix<float>(rows, classes), {}};
  for (std::size_t i = 0; i < rows; ++i) {
    std::size_t best = 0;
    double largest = -1e9;
    for (std::size_t c = 0; c < classes; ++c) {
      const double z = 2 * generator.normal();
      held.logits(i, c) = static_cast<float>(truth * z);
      const double noisy = z + generator.gumbel();  // the arg max follows softmax(z)
      if (noisy > largest) {
        largest = noisy;
        best = c;
      }
    }
    held.labels.push_back(static_cast<std::int32_t>(best));
  }
  return held;
}

TEST(Temperature, AgreesWithABruteForceGrid) {
  for (const double truth : {0.3, 1.0, 4.0}) {
    const Held held = draw(300, 5, truth, 1);
    const TemperatureFit fit = fit_temperature(held.logits, held.labels);
    double best = 1e9, at = 0;
    for (double s = -3; s <= 3; s += 0.001) {
      const double value = nll(held.logits, held.labels, std::exp(s));
      if (value < best) {
        best = value;
        at = std::exp(s);
      }
    }
    EXPECT_TRUE(fit.converged);
    EXPECT_NEAR(fit.temperature / at, 1, 2e-3);
    EXPECT_NEAR(fit.temperature / truth, 1, 0.3);
    EXPECT_NEAR(fit.nll_before, nll(held.logits, held.labels, 1), 1e-9);
    EXPECT_NEAR(fit.nll_after, best, 1e-6);
    EXPECT_LT(fit.iterations, 15);
  }
}

TEST(Temperature, StaysWithinItsRange) {
  Held held = draw(200, 4, 1, 2);
  for (std::size_t i = 0; i < 200; ++i) {
    for (float& z : held.logits.row(i)) z *= 0.1f;
    held.logits(i, static_cast<std::size_t>(held.labels[i])) = 5;  // all right: T wants to be 0
  }
  const TemperatureFit sure = fit_temperature(held.logits, held.labels);
  EXPECT_NEAR(sure.temperature, 1.0f / 20, 1e-6);
  EXPECT_TRUE(sure.converged);
  EXPECT_LT(sure.nll_after, sure.nll_before);

  for (std::size_t i = 0; i < 200; ++i) {  // all wrong: infinity
    held.logits(i, static_cast<std::size_t>(held.labels[i])) = -5;
  }
  const TemperatureFit wrong = fit_temperature(held.logits, held.labels);
  EXPECT_NEAR(wrong.temperature, 20, 1e-4);
  EXPECT_TRUE(wrong.converged);
}

TEST(Temperature, IsOneWhereNothingCanBeLearned) {
  EXPECT_EQ(fit_temperature(Matrix<float>(0, 3), {}).temperature, 1);
  EXPECT_TRUE(fit_temperature(Matrix<float>(0, 3), {}).converged);

  const std::vector<std::int32_t> labels = {0, 1, 1};
  const TemperatureFit constant = fit_temperature(Matrix<float>(3, 2), labels);
  EXPECT_EQ(constant.temperature, 1);
  EXPECT_TRUE(constant.converged);
  EXPECT_NEAR(constant.nll_after, std::log(2), 1e-12);

  const std::vector<std::int32_t> zeros = {0, 0, 0};
  const TemperatureFit one_class = fit_temperature(Matrix<float>(3, 1), zeros);
  EXPECT_EQ(one_class.temperature, 1);
  EXPECT_EQ(one_class.nll_after, 0);
}

TEST(Temperature, SurvivesEnormousLogits) {
  Held held = draw(50, 3, 1, 3);
  for (std::size_t i = 0; i < 50; ++i) {
    for (float& z : held.logits.row(i)) z = z * 1e30f;
  }
  const TemperatureFit fit = fit_temperature(held.logits, held.labels);
  EXPECT_TRUE(std::isfinite(fit.temperature));
  EXPECT_LE(fit.temperature, 20.01f);
  EXPECT_LE(fit.nll_after, fit.nll_before);
}

TEST(Temperature, NamesBadInput) {
  Matrix<float> logits(2, 3);
  expect_error([&] { fit_temperature(logits, std::vector<std::int32_t>{0}); }, "got 1 labels");
  expect_error(
      [&] {
        fit_temperature(logits, std::vector<std::int32_t>{0, 3});
      },
      "got label 3 of row 1");
  logits(1, 2) = std::numeric_limits<float>::quiet_NaN();
  expect_error([&] { fit_temperature(logits, std::vector<std::int32_t>{0, 1}); }, "of row 1");
}

TEST(Temperature, ApplyMakesProbabilities) {
  Matrix<float> logits(1, 2);
  logits(0, 0) = 4;
  apply_temperature(logits, 2);
  EXPECT_NEAR(logits(0, 0), std::exp(2) / (std::exp(2) + 1), 1e-6);
  EXPECT_NEAR(logits(0, 0) + logits(0, 1), 1, 1e-6);
}

}  // namespace
}  // namespace goldpan
