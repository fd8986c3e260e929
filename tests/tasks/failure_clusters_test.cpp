#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/tasks/class_quality.hpp>
#include <goldpan/tasks/failure_clusters.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

TEST(HypergeometricTail, ByHand) {
  // Two of four items fail; two are drawn: both fail in 1 of 6 draws, at least one in 5 of 6.
  EXPECT_NEAR(hypergeometric_tail(2, 2, 2, 4), 1.0 / 6, 1e-12);
  EXPECT_NEAR(hypergeometric_tail(1, 2, 2, 4), 5.0 / 6, 1e-12);
  EXPECT_EQ(hypergeometric_tail(0, 2, 2, 4), 1);
  EXPECT_EQ(hypergeometric_tail(1, 3, 2, 4), 1);  // three of four items: one fails at least
}

TEST(Holm, ByHand) {
  const std::vector<double> p = {0.04, 0.01, 0.5, 0.03};
  EXPECT_THAT(holm_correction(p), testing::ElementsAre(testing::DoubleNear(0.09, 1e-12),
                                                       testing::DoubleNear(0.04, 1e-12), 0.5,
                                                       testing::DoubleNear(0.09, 1e-12)));
}

TEST(FailureClusters, FindsThePartWhereTheModelFails) {
  // Four clouds; the model fails at 60 % in one of them and at 5 % elsewhere.
  Workers workers(2);
  Generator random(3);
  Matrix<float> embeddings(800, 2);
  std::vector<std::uint8_t> failed(800);
  for (std::size_t i = 0; i < 800; ++i) {
    const std::size_t cloud = i % 4;
    embeddings(i, 0) = static_cast<float>(10 * (cloud % 2) + random.normal());
    embeddings(i, 1) = static_cast<float>(10 * (cloud / 2) + random.normal());
    failed[i] = random.uniform() < (cloud == 2 ? 0.6 : 0.05) ? 1 : 0;
  }
  FailureClusterOptions options;
  options.clusters = 4;
  Generator generator(1);
  const auto clusters = failure_clusters(embeddings, failed, options, generator, workers);
  ASSERT_EQ(clusters.size(), 4u);
  EXPECT_LT(clusters[0].corrected_p_value, 1e-10);
  EXPECT_GT(clusters[0].error_rate, 0.5);
  for (const Index item : clusters[0].items) EXPECT_EQ(item % 4, 2u);
  for (const Index item : clusters[0].failures) EXPECT_EQ(failed[item], 1);
  EXPECT_GT(clusters[1].corrected_p_value, 0.05);
  Generator again(1);
  expect_error(
      [&] { failure_clusters(embeddings, std::vector<std::uint8_t>(3), options, again, workers); },
      "got 3 items, expected the 800");
}

TEST(FailureClusters, FailuresWithoutAPatternAreNotCalledOne) {
  // 100 data sets whose failures are dealt at random: a corrected p below 0.05 in some 5 of them.
  Workers workers(2);
  int alarms = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Generator random(seed);
    Matrix<float> embeddings(200, 2);
    std::vector<std::uint8_t> failed(200);
    for (std::size_t i = 0; i < 200; ++i) {
      embeddings(i, 0) = static_cast<float>(random.normal());
      embeddings(i, 1) = static_cast<float>(random.normal());
      failed[i] = random.uniform() < 0.2 ? 1 : 0;
    }
    const auto clusters =
        failure_clusters(embeddings, failed, {.clusters = 6, .least_items = 5}, random, workers);
    alarms += clusters[0].corrected_p_value < 0.05;
  }
  EXPECT_LE(alarms, 12);
}

TEST(ClassQuality, ByHand) {
  const Box object{.x = 0, .y = 0, .width = 10, .height = 10};
  const std::vector<std::vector<Box>> truth = {{object}};
  const auto found = [&](double x, double score) {
    return Detection{
        .box = {.x = x, .y = 0, .width = 10, .height = 10}, .score = score, .probabilities = {}};
  };
  const std::vector<std::vector<Detection>> detections = {
      {found(0, 0.5), found(1, 0.8), found(30, 0.9)}};
  // The second has the higher score and takes the object, at an IoU of 90 / 110.
  const auto quality = class_quality(truth, detections, 2);
  EXPECT_NEAR(quality[0], std::pow(0.8, 0.6) * std::pow(90.0 / 110, 0.4), 1e-12);
  EXPECT_EQ(quality[1], 0);
}

}  // namespace
}  // namespace goldpan
