#include <algorithm>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>
#include <goldpan/tasks/calibration.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

/// Two classes; row i says class 0 with probability p[i].
Matrix<float> two_classes(const std::vector<float>& p) {
  Matrix<float> rows(p.size(), 2);
  for (std::size_t i = 0; i < p.size(); ++i) {
    rows(i, 0) = p[i];
    rows(i, 1) = 1 - p[i];
  }
  return rows;
}

TEST(Calibration, BinsByHand) {
  // Confidences .6 .7 | .8 .9; right: yes no | yes yes.
  const Matrix<float> rows = two_classes({0.9f, 0.6f, 0.3f, 0.8f});
  const std::vector<std::int32_t> labels = {0, 0, 0, 0};
  const auto bins = reliability_bins(rows, labels, 2);
  ASSERT_EQ(bins.size(), 2u);
  EXPECT_EQ(bins[0].count, 2u);
  EXPECT_NEAR(bins[0].confidence, 0.65, 1e-6);
  EXPECT_NEAR(bins[0].accuracy, 0.5, 1e-12);
  EXPECT_NEAR(bins[1].confidence, 0.85, 1e-6);
  EXPECT_NEAR(bins[1].accuracy, 1, 1e-12);
  EXPECT_NEAR(expected_calibration_error(bins), (0.15 + 0.15) / 2, 1e-6);
  EXPECT_EQ(expected_calibration_error(rows, labels, 2), expected_calibration_error(bins));
}

TEST(Calibration, OrderOfTiedRowsDoesNotMatter) {
  // Only three levels of confidence over 100 rows: every bin is cut through a tie.
  Generator generator(1);
  std::vector<float> p;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 100; ++i) {
    p.push_back(0.6f + 0.1f * static_cast<float>(generator.below(3)));
    labels.push_back(static_cast<std::int32_t>(generator.below(2)));
  }
  const auto bins = reliability_bins(two_classes(p), labels);
  std::vector<std::size_t> order(100);
  std::iota(order.begin(), order.end(), std::size_t{0});
  generator.shuffle(std::span(order));
  std::vector<float> shuffled_p;
  std::vector<std::int32_t> shuffled_labels;
  for (const std::size_t i : order) {
    shuffled_p.push_back(p[i]);
    shuffled_labels.push_back(labels[i]);
  }
  const auto shuffled = reliability_bins(two_classes(shuffled_p), shuffled_labels);
  ASSERT_EQ(bins.size(), 15u);
  for (std::size_t b = 0; b < bins.size(); ++b) {
    EXPECT_GE(bins[b].count, 6u);
    EXPECT_LE(bins[b].count, 7u);
    EXPECT_EQ(bins[b].accuracy, shuffled[b].accuracy);
    EXPECT_EQ(bins[b].confidence, shuffled[b].confidence);
  }
}

TEST(Calibration, OneConfidenceIsOneNumber) {
  const Matrix<float> rows = two_classes(std::vector<float>(40, 0.75f));
  std::vector<std::int32_t> labels(40, 0);
  std::fill_n(labels.begin(), 10, 1);
  EXPECT_NEAR(expected_calibration_error(rows, labels), 0, 1e-12);
  EXPECT_NEAR(reliability_bins(rows, labels)[3].accuracy, 0.75, 1e-12);
}

TEST(Calibration, FewerExamplesThanBins) {
  const Matrix<float> rows = two_classes({0.9f, 0.8f});
  EXPECT_EQ(reliability_bins(rows, std::vector<std::int32_t>{0, 0}).size(), 2u);
  EXPECT_EQ(reliability_bins(Matrix<float>(0, 2), {}).size(), 0u);
  EXPECT_EQ(expected_calibration_error(Matrix<float>(0, 2), {}), 0);
}

TEST(Calibration, NamesBadInput) {
  const Matrix<float> rows = two_classes({0.9f, 0.8f});
  expect_error(
      [&] {
        reliability_bins(rows, std::vector<std::int32_t>{0, 2});
      },
      "got label 2 for row 1");
  expect_error([&] { reliability_bins(rows, std::vector<std::int32_t>{0}); }, "got 1 labels");
  expect_error([&] { reliability_bins(rows, std::vector<std::int32_t>{0, 0}, 0); }, "got 0");
}

}  // namespace
}  // namespace goldpan
