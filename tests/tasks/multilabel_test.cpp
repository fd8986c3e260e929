#include <cmath>

#include <gtest/gtest.h>

#include <goldpan/tasks/task.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

/// weather = clear or rainy, and whether it is wet.
Targets three_items() {
  Targets targets;
  targets.label_names = {"weather=clear", "weather=rainy", "wet"};
  targets.label_groups = {{"weather", 0, 2}};
  targets.marks = {{1, 0, 0}, {0, 1, 1}, {1, 0, 1}};
  return targets;
}

Predictions predictions_of(std::vector<std::vector<float>> rows) {
  Predictions predictions;
  predictions.probabilities = Matrix<float>(rows.size(), rows[0].size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(rows[i], predictions.probabilities.row(i).begin());
  }
  return predictions;
}

TEST(MultilabelTask, FindsMeansOverLabelsThatThereAre) {
  const auto task = make_multilabel();
  const Targets targets = three_items();
  const Predictions predictions =
      predictions_of({{0.4f, 0.3f, 0.6f}, {0.1f, 0.9f, 0.9f}, {0.2f, 0.8f, 0.5f}});
  const Index items[] = {0, 1, 2};
  const Slice slices[] = {{"first", {0}}};
  const Metrics found = task->evaluate(predictions, targets, items, slices).metrics;
  // Guesses: clear and wet; rainy and wet; rainy and wet.
  EXPECT_DOUBLE_EQ(found.value("f1", 0), 2.0 / 3);
  EXPECT_DOUBLE_EQ(found.value("f1", 1), 2.0 / 3);
  EXPECT_DOUBLE_EQ(found.value("f1", 2), 4.0 / 5);
  EXPECT_DOUBLE_EQ(found.value("macro_f1"), (2.0 / 3 + 2.0 / 3 + 4.0 / 5) / 3);
  EXPECT_DOUBLE_EQ(found.value("micro_f1"), 2.0 * 4 / (5 + 6));
  EXPECT_DOUBLE_EQ(found.value("exact"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(found.value("accuracy_weather"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(found.value("average_precision", 0), 1) << "0.4 and 0.2 before 0.1";
  // Ranked 0.9 (wet), 0.6 (not), 0.5 (wet).
  EXPECT_DOUBLE_EQ(found.value("average_precision", 2), (1 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(found.value("mAP"), (1 + 1 + (1 + 2.0 / 3) / 2) / 3);
  EXPECT_TRUE(std::isnan(found.value("f1", 1, "first")));
  EXPECT_DOUBLE_EQ(found.value("mAP", kAllClasses, "first"), 1);
}

TEST(MultilabelTask, TiesCountTogetherInWhateverOrder) {
  const auto task = make_multilabel();
  Targets targets;
  targets.label_names = {"wet"};
  targets.marks = {{1}, {0}, {0}, {1}};
  const Index items[] = {0, 1, 2, 3}, turned[] = {3, 2, 1, 0};
  const Predictions same = predictions_of({{0.5f}, {0.5f}, {0.5f}, {0.5f}});
  EXPECT_DOUBLE_EQ(task->evaluate(same, targets, items).metrics.value("mAP"), 0.5);
  EXPECT_DOUBLE_EQ(task->evaluate(same, targets, turned).metrics.value("mAP"), 0.5);
}

TEST(MultilabelTask, WritesAndReadsMarks) {
  const auto task = make_multilabel();
  Targets targets = three_items();
  targets.marks[1][2] = kUnknownMark;
  EXPECT_EQ(task->write(targets, 1), "01?");
  EXPECT_FALSE(task->is_known(targets, 1));
  EXPECT_EQ(task->stratum(targets, 1), 1u);
  Targets bought = task->unknown(targets, 3);
  task->read(task->write(targets, 2), 0, bought);
  EXPECT_EQ(bought.marks[0], targets.marks[2]);
  std::vector<std::uint64_t> counts(3);
  task->count(bought, 0, counts);
  EXPECT_EQ(counts, (std::vector<std::uint64_t>{1, 0, 1}));
  for (const char* const text : {"", "01", "012", "0110"}) {
    expect_error([&] { task->read(text, 0, bought); }, "for each of 3 labels");
  }
}

}  // namespace
}  // namespace goldpan
