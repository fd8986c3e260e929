#include <cmath>

#include <gtest/gtest.h>

#include <goldpan/models/temperature.hpp>
#include <goldpan/tasks/task.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

Predictions predictions_of(const Matrix<float>& logits, float temperature = 1) {
  Predictions predictions{logits, temperature, logits, logits, {}};
  apply_temperature(predictions.uncalibrated, 1);
  apply_temperature(predictions.probabilities, temperature);
  return predictions;
}

TEST(Classification, IsJudgedByHand) {
  // Four examples, three classes, the last without an example. Predictions: 0, 0, 1, 0; labels: 0,
  // 0, 1, 1; a fifth item has no label and counts for nothing.
  Matrix<float> logits(5, 3);
  logits(0, 0) = logits(1, 0) = logits(2, 1) = logits(3, 0) = logits(4, 2) = 2.0f;
  Targets targets;
  targets.labels = {0, 0, 1, 1, kUnknownLabel};
  const Index items[] = {0, 1, 2, 3, 4};
  const Slice slices[] = {{"second half", {2, 3, 4}}};
  const Metrics found =
      make_classification()->evaluate(predictions_of(logits), targets, items, slices).metrics;
  EXPECT_DOUBLE_EQ(found.value("accuracy"), 0.75);
  EXPECT_DOUBLE_EQ(found.value("balanced_accuracy"), (1.0 + 0.5) / 2);
  // F1 of class 0: 2*2/(2+3); of class 1: 2*1/(2+1).
  EXPECT_DOUBLE_EQ(found.value("macro_f1"), (0.8 + 2.0 / 3) / 2);
  EXPECT_TRUE(std::isnan(found.value("recall", 2)));
  EXPECT_EQ(found.by_class("recall").size(), 3u);
  const double right = std::exp(2.0) / (std::exp(2.0) + 2), wrong = 1 / (std::exp(2.0) + 2);
  EXPECT_NEAR(found.value("nll"), -(3 * std::log(right) + std::log(wrong)) / 4, 1e-6);
  EXPECT_DOUBLE_EQ(found.value("accuracy", kAllClasses, "second half"), 0.5);
}

TEST(Classification, TemperatureChangesCalibrationAndNotAccuracy) {
  Matrix<float> logits(2, 2);
  logits(0, 0) = logits(1, 0) = 10.0f;
  Targets targets;
  targets.labels = {0, 1};
  const Index items[] = {0, 1};
  const Metrics found =
      make_classification()->evaluate(predictions_of(logits, 1000.0f), targets, items).metrics;
  EXPECT_DOUBLE_EQ(found.value("accuracy"), 0.5);
  EXPECT_NEAR(found.value("ece_before"), 0.5, 1e-3);
  EXPECT_NEAR(found.value("ece_after"), 0.0, 1e-2);
}

TEST(Classification, WritesAndReadsALabel) {
  const auto task = make_classification();
  Targets targets;
  targets.class_names = {"clear", "rainy"};
  targets.labels = {1, kUnknownLabel};
  EXPECT_FALSE(task->is_known(targets, 1));
  task->read(task->write(targets, 0), 1, targets);
  EXPECT_EQ(targets.labels[1], 1);
  for (const char* const text : {"", "2", "-1", "1x", "rainy"}) {
    expect_error([&] { task->read(text, 1, targets); }, "expected a class below 2");
  }
}

}  // namespace
}  // namespace goldpan
