#include "tasks/evaluation.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace goldpan {
namespace {

TEST(Evaluate, ByHand) {
  // Four examples, three classes, the last without an example. Predictions: 0, 0, 1, 0; labels: 0,
  // 0, 1, 1.
  Matrix<float> logits(4, 3);
  logits(0, 0) = logits(1, 0) = logits(2, 1) = logits(3, 0) = 2.0f;
  RoundRecord record;
  record.temperature = 1.0;
  evaluate(logits, std::vector<std::int32_t>{0, 0, 1, 1}, record);
  EXPECT_DOUBLE_EQ(record.accuracy, 0.75);
  EXPECT_DOUBLE_EQ(record.balanced_accuracy, (1.0 + 0.5) / 2);
  // F1 of class 0: 2*2/(2+3); of class 1: 2*1/(2+1).
  EXPECT_DOUBLE_EQ(record.macro_f1, (0.8 + 2.0 / 3) / 2);
  EXPECT_TRUE(std::isnan(record.recall[2]));
  const double right = std::exp(2.0) / (std::exp(2.0) + 2), wrong = 1 / (std::exp(2.0) + 2);
  EXPECT_NEAR(record.nll, -(3 * std::log(right) + std::log(wrong)) / 4, 1e-6);
}

TEST(Evaluate, TemperatureChangesCalibrationAndNotAccuracy) {
  Matrix<float> logits(2, 2);
  logits(0, 0) = logits(1, 0) = 10.0f;
  RoundRecord record;
  record.temperature = 1000.0;
  evaluate(logits, std::vector<std::int32_t>{0, 1}, record);
  EXPECT_DOUBLE_EQ(record.accuracy, 0.5);
  EXPECT_NEAR(record.ece_before, 0.5, 1e-3);
  EXPECT_NEAR(record.ece_after, 0.0, 1e-2);
}

}  // namespace
}  // namespace goldpan
