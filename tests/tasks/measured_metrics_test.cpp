#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/tasks/measured_metrics.hpp>

#include "expect_error.hpp"
#include "tasks/bootstrap.hpp"
#include "tasks/made_boxes.hpp"

namespace goldpan {
namespace {

using testing::ElementsAre;

const AttributeColumns kColumns = {
    {"weather", {"rainy", "clear", "snowy", "", "rainy"}},
    {"time", {"night", "day", "night", "day", "day"}},
};

TEST(Slices, Predicates) {
  const auto items = [](const char* text) { return SlicePredicate(text).items(kColumns); };
  EXPECT_THAT(items("weather=rainy"), ElementsAre(0, 4));
  EXPECT_THAT(items(" weather = rainy|snowy & time = night "), ElementsAre(0, 2));
  EXPECT_THAT(items("weather!=rainy&time!=night"), ElementsAre(1, 3));
  EXPECT_THAT(items("weather="), ElementsAre(3));
  EXPECT_THAT(items("weather=rainy|snowy, time=night"), ElementsAre(0, 2));
  EXPECT_TRUE(items("weather=foggy").empty());
  expect_error([&] { items("rainy"); }, "got 'rainy', expected conditions");
  expect_error([&] { items("wether=rainy"); },
               "no attribute 'wether', expected one of: time, weather");
}

TEST(Slices, CommasOfValuesStay) {
  const AttributeColumns columns = {{"who", {"person, walking", "person", ""}},
                                    {"when", {"a", "a", "a"}}};
  EXPECT_THAT(SlicePredicate("who=person, walking").items(columns), ElementsAre(0));
  EXPECT_THAT(SlicePredicate("who=person, walking,when=a").items(columns), ElementsAre(0));
  EXPECT_THAT(SlicePredicate("when=a,who!=person").known(columns), ElementsAre(0, 1));
}

TEST(Slices, Names) {
  EXPECT_EQ(slice_where("wet=weather=rainy|snowy", kColumns).name, "wet");
  EXPECT_THAT(slice_where("wet=weather=rainy|snowy & time=night", kColumns).items,
              ElementsAre(0, 2));
  EXPECT_EQ(slice_where("weather=rainy", kColumns).name, "weather=rainy");
  EXPECT_THAT(slice_where("dry=weather!=rainy", kColumns).items, ElementsAre(1, 2, 3));
}

TEST(Slices, ByAttribute) {
  const auto slices = slices_by("weather", kColumns);
  ASSERT_EQ(slices.size(), 3u);  // the item without a value is in none
  EXPECT_EQ(slices[1].name, "weather=rainy");
  EXPECT_THAT(slices[1].items, ElementsAre(0, 4));
  const auto crossed = slices_by("weather+time", kColumns);
  ASSERT_EQ(crossed.size(), 4u);
  EXPECT_EQ(crossed[2].name, "weather=rainy & time=night");
  expect_error([] { slices_by("scene", kColumns); }, "no attribute 'scene'");
}

TEST(Bootstrap, PercentilesAreInterpolatedAndUndefinedValuesLeftOut) {
  std::vector<double> values;
  for (int i = 0; i <= 100; ++i) values.push_back(100 - i);
  values.push_back(std::nan(""));
  const Interval interval = percentile_interval(values, 0.95);
  EXPECT_NEAR(interval.low, 2.5, 1e-12);
  EXPECT_NEAR(interval.high, 97.5, 1e-12);
  std::vector<double> hardly(3, std::nan(""));
  hardly[0] = 1;
  EXPECT_TRUE(std::isnan(percentile_interval(hardly, 0.95).low));
}

TEST(ClassificationMetrics, ByHand) {
  Workers workers(2);
  const std::vector<std::int32_t> truth = {0, 0, 1, 1, 1}, predicted = {0, 1, 1, 1, 0};
  const auto metrics = classification_metrics(truth, predicted, {"a", "b", "none"},
                                              slices_by("time", kColumns), {}, workers);
  ASSERT_EQ(metrics.size(), 3u * 12u);
  EXPECT_EQ(metrics[0].name, "accuracy");
  EXPECT_DOUBLE_EQ(metrics[0].value, 0.6);
  EXPECT_DOUBLE_EQ(metrics[1].value, (0.5 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(metrics[3].value, 0.5);  // recall of a
  EXPECT_EQ(metrics[6].class_name, "b");
  EXPECT_EQ(metrics[6].images, 3u);
  EXPECT_TRUE(std::isnan(metrics[9].value));  // a class without an example
  EXPECT_EQ(metrics[12].slice, "time=day");
  EXPECT_EQ(metrics[12].images, 3u);
  EXPECT_DOUBLE_EQ(metrics[24].value, 1.0);  // night: items 0 and 2
  EXPECT_DOUBLE_EQ(metrics[24].low, 1.0);
  expect_error(
      [&] { classification_metrics(truth, std::vector<std::int32_t>{0}, {"a"}, {}, {}, workers); },
      "got 1 items, expected the 5");
  expect_error([&] { classification_metrics(truth, truth, {"a"}, {}, {}, workers); },
               "got label 1 at item 2");
}

TEST(ClassificationMetrics, TheIntervalCoversTheTruthAsOftenAsItSays) {
  // The coverage of a 90 % interval for a share of 0.7, on 400 made data sets of 80 items.
  Workers workers(2);
  Generator random(1);
  int covered = 0;
  for (std::uint64_t run = 0; run < 400; ++run) {
    std::vector<std::int32_t> truth(80, 0), predicted(80);
    for (auto& label : predicted) label = random.uniform() < 0.7 ? 0 : 1;
    const auto metrics = classification_metrics(
        truth, predicted, {"a", "b"}, {},
        {.bootstrap = 300, .level = 0.9, .seed = run, .progress = {}}, workers);
    covered += metrics[0].low <= 0.7 && 0.7 <= metrics[0].high;
  }
  EXPECT_NEAR(covered / 400.0, 0.9, 0.05);
}

TEST(DetectionMetrics, SlicesAreWhatTheirImagesAloneWouldBe) {
  Workers workers(2);
  const MadeBoxes made(40, 3, 9);
  AttributeColumns columns;
  for (int i = 0; i < 40; ++i) columns["part"].push_back(i % 3 == 0 ? "x" : "y");
  const DetectionMatches matches(made.truth, made.found, 3, workers);
  const auto slices = slices_by("part", columns);
  const auto metrics =
      detection_metrics(matches, {"a", "b", "c"}, slices,
                        {.bootstrap = 50, .level = 0.95, .seed = 0, .progress = {}}, workers);
  ASSERT_EQ(metrics.size(), 3u * 4u * 12u);
  for (std::size_t s = 0; s < 2; ++s) {
    std::vector<std::vector<Box>> truth;
    std::vector<std::vector<Detection>> found;
    for (const Index image : slices[s].items) {
      truth.push_back(made.truth[image]);
      found.push_back(made.found[image]);
    }
    const auto expected = evaluate_detection(truth, found, 3, workers);
    for (std::size_t m = 0; m < 12; ++m) {
      const MeasuredMetric& all = metrics[(s + 1) * 48 + m];
      EXPECT_EQ(all.slice, slices[s].name);
      EXPECT_EQ(all.value, expected.all[m]);
      EXPECT_EQ(metrics[(s + 1) * 48 + 12 + m].value, expected.categories[0][m]);
      if (all.value == kNoTruth) continue;
      EXPECT_LE(all.low, all.high);
      EXPECT_LE(all.low, all.value + 0.1);
      EXPECT_GE(all.high, all.value - 0.1);
    }
  }
}

TEST(DetectionMetrics, TheSameForAnyNumberOfThreads) {
  const MadeBoxes made(30, 2, 4);
  Workers one(1), three(3);
  const MetricOptions options{.bootstrap = 64, .level = 0.95, .seed = 3, .progress = {}};
  const auto csv = [&](Workers& workers) {
    const DetectionMatches matches(made.truth, made.found, 2, workers);
    return metrics_csv(detection_metrics(matches, {"a", "b"}, {}, options, workers));
  };
  EXPECT_EQ(csv(one), csv(three));
}

TEST(MeasuredMetrics, TheWorstSliceIsTheOneWhoseUpperBoundIsLowest) {
  const auto row = [](const char* slice, double value, double high, std::size_t images) {
    return MeasuredMetric{.name = "AP",
                          .slice = slice,
                          .class_name = "all",
                          .value = value,
                          .low = 0,
                          .high = high,
                          .images = images};
  };
  const std::vector<MeasuredMetric> metrics = {row("all", 0.1, 0.2, 100),
                                               row("small", 0.1, 0.9, 12), row("tiny", 0.0, 0.1, 5),
                                               row("night", 0.3, 0.4, 60)};
  EXPECT_EQ(worst_slice(metrics, "AP", 10)->slice, "night");
  EXPECT_EQ(worst_slice(metrics, "AP", 1000), nullptr);
  EXPECT_EQ(worst_slice(metrics, "AP50", 1), nullptr);
}

TEST(MeasuredMetrics, Csv) {
  const std::vector<MeasuredMetric> metrics = {
      {.name = "AP", .slice = "a, b", .class_name = "all", .value = 0.1, .images = 3}};
  EXPECT_EQ(metrics_csv(metrics),
            "metric,slice,class,value,ci_low,ci_high,images\nAP,\"a, b\",all,0.1,,,3\n");
}

}  // namespace
}  // namespace goldpan
