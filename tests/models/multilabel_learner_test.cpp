#include <gtest/gtest.h>

#include <goldpan/models/learner.hpp>
#include <goldpan/models/linear_head.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

/// A group of two labels by the first column's sign, and one label by the second's.
struct MadeItems {
  MadeItems() : values(200, 2) {
    Generator generator = Generator(5).stream("items");
    targets.label_names = {"left", "right", "high"};
    targets.label_groups = {{"side", 0, 2}};
    for (std::size_t i = 0; i < values.rows(); ++i) {
      for (std::size_t k = 0; k < 2; ++k) values(i, k) = static_cast<float>(generator.normal());
      const std::int8_t right = values(i, 0) > 0, high = values(i, 1) > 0;
      targets.marks.push_back({static_cast<std::int8_t>(1 - right), right, high});
      rows.push_back(static_cast<Index>(i));
    }
  }

  std::unique_ptr<Learner> learner() const {
    return make_multilabel_learner(
        3, targets.label_groups, [this](std::size_t, std::size_t classes) {
          return make_classification_learner(
              [this, classes](std::span<const Index> used, std::span<const std::int32_t> labels,
                              std::span<const float> weights, Generator generator,
                              Workers& workers) -> std::unique_ptr<Classifier> {
                auto head = make_head(values, classes, {});
                head->fit(used, labels, weights, generator, workers);
                return head;
              },
              classes, false);
        });
  }

  Matrix<float> values;
  Targets targets;
  std::vector<Index> rows;
};

StreamOf streams() {
  return [](const char* purpose) { return Generator(1).stream(purpose); };
}

TEST(MultilabelLearner, LearnsGroupsAndSingleLabels) {
  const MadeItems made;
  Workers workers(2);
  const auto learner = made.learner();
  learner->fit({.rows = made.rows, .targets = made.targets, .weights = {}, .groups = {}}, streams(),
               workers);
  const Predictions found = learner->predict(made.rows, workers);
  std::size_t right = 0;
  for (std::size_t i = 0; i < made.rows.size(); ++i) {
    EXPECT_NEAR(found.probabilities(i, 0) + found.probabilities(i, 1), 1, 1e-5);
    right += (found.probabilities(i, 1) > 0.5f) == (made.targets.marks[i][1] == 1) ? 1 : 0;
    right += (found.probabilities(i, 2) > 0.5f) == (made.targets.marks[i][2] == 1) ? 1 : 0;
  }
  EXPECT_GE(right, 380u);
  const Signals signals = learner->signals(
      made.rows, {.probabilities = true, .features = false, .passes = 4}, streams(), workers);
  EXPECT_EQ(signals.probabilities(3, 2), found.probabilities(3, 2));
  ASSERT_EQ(signals.passes->classes(), 3u);
  const Index some[] = {3, 7};
  std::vector<float> passes(2 * 4 * 3);
  signals.passes->probabilities(some, passes);
  for (std::size_t k = 0; k < 8; ++k) {
    EXPECT_NEAR(passes[k * 3] + passes[k * 3 + 1], 1, 1e-5);
    EXPECT_GT(passes[k * 3 + 2], 0);
  }
}

TEST(MultilabelLearner, RefusesAGroupBeyondTheLabels) {
  expect_error(
      [] {
        make_multilabel_learner(2, {{"side", 0, 3}},
                                [](std::size_t, std::size_t) { return nullptr; });
      },
      "'side' has labels beyond");
}

}  // namespace
}  // namespace goldpan
