#include "reference/average_precision.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <goldpan/tasks/average_precision.hpp>

#include "expect_error.hpp"
#include "tasks/made_boxes.hpp"

namespace goldpan {
namespace {

Box box(double x, double y, double width, double height) {
  return {.x = x, .y = y, .width = width, .height = height};
}
Detection detection(Box where, double score) {
  return {.box = where, .score = score, .probabilities = {}};
}

void expect_equal(const DetectionEvaluation& evaluation,
                  const std::vector<std::array<double, 12>>& expected, double tolerance) {
  for (std::size_t m = 0; m < 12; ++m) {
    double sum = 0, present = 0;
    for (std::size_t c = 0; c < expected.size(); ++c) {
      EXPECT_NEAR(evaluation.categories[c][m], expected[c][m], tolerance) << kDetectionMetrics[m];
      if (expected[c][m] < 0) continue;
      sum += expected[c][m];
      ++present;
    }
    EXPECT_NEAR(evaluation.all[m], present > 0 ? sum / present : -1, tolerance);
  }
}

TEST(AveragePrecision, ByHand) {
  // Two objects in one image; the best detection misses, the second finds one of them exactly.
  Workers workers(1);
  const std::vector<std::vector<Box>> truth = {{box(0, 0, 100, 100), box(200, 0, 100, 100)}};
  const std::vector<std::vector<Detection>> found = {
      {detection(box(0, 0, 100, 100), 0.5), detection(box(500, 500, 10, 10), 0.9)}};
  const DetectionEvaluation evaluation = evaluate_detection(truth, found, 1, workers);
  // Precision 1/2 up to recall 1/2: at 51 of the 101 recall points.
  EXPECT_NEAR(evaluation.all[0], 0.5 * 51 / 101, 1e-15);
  EXPECT_EQ(evaluation.all[3], kNoTruth);             // no small object
  EXPECT_NEAR(evaluation.all[5], 51.0 / 101, 1e-15);  // the miss is small: not counted among large
  EXPECT_EQ(evaluation.all[6], 0.0);                  // one detection an image: the miss
  EXPECT_EQ(evaluation.all[7], 0.5);
}

TEST(AveragePrecision, NothingAtAll) {
  Workers workers(1);
  EXPECT_EQ(evaluate_detection({}, {}, 0, workers).all[0], kNoTruth);
  const std::vector<std::vector<Box>> truth(3);
  const std::vector<std::vector<Detection>> found = {{detection(box(0, 0, 5, 5), 1)}, {}, {}};
  EXPECT_EQ(evaluate_detection(truth, found, 2, workers).all[0], kNoTruth);
}

TEST(AveragePrecision, ACrowdExcusesAnyNumberAndAnIgnoredBoxOne) {
  Workers workers(1);
  Box region = box(0, 0, 100, 100);
  const std::vector<std::vector<Detection>> found = {{detection(box(0, 0, 50, 50), 0.9),
                                                      detection(box(50, 50, 50, 50), 0.8),
                                                      detection(box(300, 0, 60, 60), 0.7)}};
  region.crowd = true;
  std::vector<std::vector<Box>> truth = {{region, box(300, 0, 60, 60)}};
  EXPECT_NEAR(evaluate_detection(truth, found, 1, workers).all[0], 1.0, 1e-12);
  // Not a crowd: the two halves overlap it by a quarter, and are mistakes.
  truth[0][0].crowd = false;
  truth[0][0].ignore = true;
  EXPECT_NEAR(evaluate_detection(truth, found, 1, workers).all[0], 1.0 / 3, 1e-12);
}

TEST(AveragePrecision, EqualsTheReference) {
  Workers workers(2);
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const MadeBoxes made(12, 3, seed);
    expect_equal(
        evaluate_detection(made.truth, made.found, 3, workers),
        reference::average_precision(made.truth, made.found, 3, std::vector<std::uint16_t>(12, 1)),
        1e-13);
  }
}

TEST(AveragePrecision, OnlyTheBestHundredDetectionsOfAnImageCount) {
  Workers workers(1);
  std::vector<std::vector<Box>> truth = {{box(0, 0, 50, 50)}};
  std::vector<std::vector<Detection>> found(1);
  for (int i = 0; i < 100; ++i) found[0].push_back(detection(box(300, 300, 9, 9), 0.5));
  found[0].push_back(detection(box(0, 0, 50, 50), 0.4));
  EXPECT_EQ(evaluate_detection(truth, found, 1, workers).all[0], 0.0);
  found[0].erase(found[0].begin());
  EXPECT_NEAR(evaluate_detection(truth, found, 1, workers).all[0], 0.01, 1e-12);
}

TEST(AveragePrecision, CountsRepeatImagesAsCopiesWould) {
  Workers workers(2);
  Generator random(5);
  for (std::uint64_t seed = 100; seed < 115; ++seed) {
    const MadeBoxes made(10, 2, seed);
    std::vector<std::uint16_t> counts;
    for (int i = 0; i < 10; ++i) counts.push_back(static_cast<std::uint16_t>(random.below(4)));
    const DetectionMatches matches(made.truth, made.found, 2, workers);
    const auto numbers = matches.evaluate(counts);
    expect_equal(numbers, reference::average_precision(made.truth, made.found, 2, counts), 1e-13);
  }
}

TEST(AveragePrecision, TheSameForAnyNumberOfThreads) {
  const MadeBoxes made(700, 7, 3);
  Workers one(1), four(4);
  const auto a = evaluate_detection(made.truth, made.found, 7, one);
  const auto b = evaluate_detection(made.truth, made.found, 7, four);
  EXPECT_EQ(a.all, b.all);
  EXPECT_EQ(a.categories, b.categories);
}

TEST(AveragePrecision, RefusesWhatItCannotJudge) {
  Workers workers(1);
  const auto evaluate = [&](Box truth, Detection found) {
    const std::vector<std::vector<Box>> truths = {{}, {truth}};
    const std::vector<std::vector<Detection>> founds = {{}, {found}};
    evaluate_detection(truths, founds, 1, workers);
  };
  const Box good = box(0, 0, 1, 1);
  Box bad = good;
  bad.category = 1;
  expect_error([&] { evaluate(bad, detection(good, 1)); }, "[image 1, box 0] got category 1");
  expect_error([&] { evaluate(good, detection(box(0, 0, -1, 1), 1)); }, "[image 1, detection 0]");
  expect_error([&] { evaluate(good, detection(good, std::nan(""))); }, "score");
  expect_error([&] { evaluate(box(0, std::nan(""), 1, 1), detection(good, 1)); }, "finite");
  const std::vector<std::vector<Box>> one(1);
  expect_error([&] { evaluate_detection(one, {}, 1, workers); }, "expected the 1");
}

}  // namespace
}  // namespace goldpan
