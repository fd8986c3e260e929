#include <cmath>

#include <gtest/gtest.h>

#include <goldpan/tasks/average_precision.hpp>
#include <goldpan/tasks/task.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

Box box(double x, double y, double width, double height, std::int32_t category = 0) {
  return {.x = x, .y = y, .width = width, .height = height, .category = category};
}

Targets two_images() {
  Targets targets;
  targets.categories = {"car", "person"};
  targets.boxes = {{box(0, 0, 10, 10), box(20, 0, 10, 10), box(5.5, 5, 0.1, 20, 1)}, {}};
  return targets;
}

TEST(DetectionTask, KnowsStratumCountAndCost) {
  const auto task = make_detection();
  Targets targets = two_images();
  targets.boxes[0][1].crowd = true;
  std::vector<std::uint64_t> counts(2);
  task->count(targets, 0, counts);
  EXPECT_EQ(counts, (std::vector<std::uint64_t>{1, 1}));
  EXPECT_EQ(task->stratum(targets, 0), 0u) << "as many of both: the first";
  EXPECT_EQ(task->stratum(targets, 1), 2u) << "no box";
  EXPECT_EQ(task->cost(targets, 0), 3) << "a crowd has to be drawn too";
  EXPECT_EQ(task->cost(targets, 1), 0);
  EXPECT_FALSE(task->is_known(targets, 2));
}

TEST(DetectionTask, WritesAndReadsBoxes) {
  const auto task = make_detection();
  Targets targets = two_images();
  targets.boxes[0][0].stated_area = 0.1 + 0.2;
  targets.boxes[0][1].crowd = targets.boxes[0][2].ignore = true;
  Targets bought = task->unknown(targets, 2);
  EXPECT_FALSE(task->is_known(bought, 0));
  for (Index item : {0u, 1u}) task->read(task->write(targets, item), item, bought);
  EXPECT_TRUE(task->is_known(bought, 1));
  ASSERT_EQ(bought.boxes[0].size(), 3u);
  EXPECT_EQ(task->write(bought, 0), task->write(targets, 0));
  EXPECT_EQ(bought.boxes[0][0].stated_area, 0.1 + 0.2);
  EXPECT_EQ(bought.boxes[0][2].width, 0.1);
  EXPECT_TRUE(bought.boxes[0][2].ignore && !bought.boxes[0][2].crowd);
  EXPECT_TRUE(bought.boxes[1].empty());
  for (const char* const text : {"", "0 1 2 3", "0 1 2 3 x", "0 1 2 3 4 5", "0 1 2 3 4;"}) {
    expect_error([&] { task->read(text, 0, bought); }, "expected category x y width height");
  }
  expect_error([&] { task->read("2 0 0 1 1", 0, bought); }, "got category 2");
}

TEST(DetectionTask, EvaluatesAsAveragePrecisionDoesAndOnSlices) {
  const auto task = make_detection();
  Targets targets = two_images();
  targets.boxes.push_back({box(0, 0, 50, 50)});
  targets.boxes_known = {true, true, false};
  Predictions predictions;
  predictions.detections = {{{box(0, 0, 10, 10), 0.9, {}}}, {{box(0, 0, 5, 5), 0.8, {}}}, {}};
  const Index items[] = {0, 1, 2};
  const Slice slices[] = {{"first", {0}}, {"second", {1, 2}}};
  const Metrics found = task->evaluate(predictions, targets, items, slices).metrics;
  const std::vector<std::vector<Box>> truth = {targets.boxes[0], targets.boxes[1]};
  const std::vector<std::vector<Detection>> seen = {predictions.detections[0],
                                                    predictions.detections[1]};
  Workers workers(1);
  const DetectionEvaluation expected = evaluate_detection(truth, seen, 2, workers);
  EXPECT_EQ(found.value("AP"), expected.all[0]);
  EXPECT_EQ(found.value("AP50", 0), expected.categories[0][1]);
  EXPECT_NEAR(found.value("AP50", 0, "first"), 51.0 / 101, 1e-12) << "one of two cars, no mistake";
  EXPECT_TRUE(std::isnan(found.value("AP", kAllClasses, "second"))) << "nothing to find there";
}

}  // namespace
}  // namespace goldpan
