#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/core/error.hpp>
#include <goldpan/models/calibrate.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

struct Made {
  Matrix<float> logits;
  std::vector<std::int32_t> labels;
  std::vector<std::uint32_t> folds;
};

/// Labels drawn from softmax(z); the logits are `sharpness` z: the right temperature is that.
Made draw(std::size_t rows, double sharpness, std::uint64_t seed, std::size_t classes = 4) {
  Generator generator(seed);
  Made made{Matrix<float>(rows, classes), {}, {}};
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<double> p(classes);
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      const double z = 2 * generator.normal();
      made.logits(i, c) = static_cast<float>(sharpness * z);
      sum += p[c] = std::exp(z);
    }
    double left = generator.uniform() * sum;
    std::size_t label = 0;
    while (label + 1 < classes && left >= p[label]) left -= p[label++];
    made.labels.push_back(static_cast<std::int32_t>(label));
    made.folds.push_back(static_cast<std::uint32_t>(i % 5));
  }
  return made;
}

TEST(Calibrate, FindsTheTemperatureOfManyLabels) {
  for (const double sharpness : {0.3, 3.0}) {
    const Made made = draw(4000, sharpness, 1);
    const Calibration found = calibrate_held_out(made.logits, made.labels, made.folds);
    EXPECT_TRUE(found.helps);
    EXPECT_NEAR(found.temperature, sharpness, 0.06 * sharpness);
    EXPECT_GT(found.gain, 0.02);
  }
}

TEST(Calibrate, LeavesCalibratedLogitsAlone) {
  std::size_t used = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Made made = draw(60, 1.0, seed);
    const Calibration found = calibrate_held_out(made.logits, made.labels, made.folds);
    used += found.helps ? 1 : 0;
    EXPECT_GT(found.temperature, 0.5);
    EXPECT_LT(found.temperature, 2.0);
    if (!found.helps) {
      EXPECT_EQ(found.temperature, 1.0f);
      EXPECT_THAT(found.notes.back(), testing::HasSubstr("do not show"));
    }
  }
  EXPECT_LT(used, 15u);
}

/// The fault that this mends: few labels, all predicted right, ask for T = 0.
TEST(Calibrate, ABoundReachedIsANoteAndNotTheAnswer) {
  Made made{Matrix<float>(9, 3), std::vector<std::int32_t>(9, 0), {0, 1, 2, 3, 4, 0, 1, 2, 3}};
  for (std::size_t i = 0; i < 9; ++i) made.logits(i, 0) = 1.5f;
  const Calibration found = calibrate_held_out(made.logits, made.labels, made.folds);
  EXPECT_NEAR(found.fitted, 0.05, 1e-6);
  EXPECT_THAT(found.notes.front(), testing::HasSubstr("the end of the range"));
  EXPECT_GT(found.temperature, 0.2);
}

/// Rows of one group never train the model that predicts another of them, and each row is held out
/// once where labels are few.
TEST(Calibrate, HoldsOutWholeGroupsAndAllOfThemWhereLabelsAreFew) {
  std::vector<Index> rows;
  std::vector<std::int32_t> labels;
  std::vector<std::uint32_t> groups;
  for (Index i = 0; i < 90; ++i) {
    rows.push_back(i + 100);
    labels.push_back(static_cast<std::int32_t>(i % 3));
    groups.push_back(i / 4);
  }
  std::multiset<Index> held;
  const auto watch = [&](std::span<const Index> train, std::span<const std::int32_t> of_train,
                         std::span<const Index> held_out, const Generator&, MatrixView<float> out) {
    EXPECT_EQ(train.size() + held_out.size(), 90u);
    EXPECT_EQ(train.size(), of_train.size());
    EXPECT_EQ(out.rows(), held_out.size());
    for (std::size_t i = 0; i < train.size(); ++i) {
      EXPECT_EQ(of_train[i], static_cast<std::int32_t>((train[i] - 100) % 3));
      for (const Index row : held_out) EXPECT_NE((row - 100) / 4, (train[i] - 100) / 4);
    }
    held.insert(held_out.begin(), held_out.end());
    std::fill_n(out.data(), out.size(), 0.0f);
  };
  const Calibration found = calibrate(rows, labels, groups, 3, watch, Generator(2));
  EXPECT_EQ(held, std::multiset<Index>(rows.begin(), rows.end()));
  EXPECT_EQ(found.models, 10u);
  EXPECT_EQ(found.held_out, 90u);
  EXPECT_FALSE(found.helps);  // no temperature changes equal logits

  held.clear();
  CalibrateOptions few;
  few.wanted_held_out = 15;
  EXPECT_EQ(calibrate(rows, labels, groups, 3, watch, Generator(2), few).models, 2u);
}

TEST(Calibrate, TooFewLabelsAndOneGroupAreNotes) {
  const auto never = [](auto&&...) { FAIL(); };
  const std::vector<Index> rows(30, 0);
  const std::vector<std::int32_t> labels(30, 0);
  EXPECT_THAT(
      calibrate(std::span(rows).first(10), std::span(labels).first(10), {}, 2, never, Generator(1))
          .notes.front(),
      testing::HasSubstr("10 labels are too few"));
  const std::vector<std::uint32_t> one_group(30, 7);
  EXPECT_THAT(calibrate(rows, labels, one_group, 2, never, Generator(1)).notes.front(),
              testing::HasSubstr("one group"));
}

TEST(Calibrate, RefusesLabelsThatAreNone) {
  const std::vector<Index> rows(30, 0);
  std::vector<std::int32_t> labels(30, 1);
  labels[4] = -1;
  const auto nothing = [](auto&&...) {};
  expect_error([&] { calibrate(rows, labels, {}, 2, nothing, Generator(1)); },
               "got label -1 at position 4, expected 0 to 1");
  expect_error([&] { calibrate(std::span(rows).first(3), labels, {}, 2, nothing, Generator(1)); },
               "got 30 labels for 3 rows");
}

}  // namespace
}  // namespace goldpan
