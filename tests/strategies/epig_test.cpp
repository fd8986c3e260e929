#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "expect_error.hpp"
#include "reference/uncertainty.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Selection pick(const Pool& pool, std::size_t batch, const StrategyOptions& options = {}) {
  Generator generator(0);
  Workers workers(2);
  return select("epig", pool, batch, generator, workers, options);
}

std::vector<float> passes_of(const StochasticPasses& passes, Index row) {
  std::vector<float> p(passes.passes() * passes.classes());
  passes.probabilities(std::span(&row, 1), p);
  return p;
}

TEST(Epig, WhatBaldWouldPickMayTellNothingAboutTheTarget) {
  // Four passes, two classes. Row 0 varies, but not with the target (row 2); row 1 always agrees
  // with it.
  OwnedPasses passes({1, 0, 1, 0, 0, 1, 0, 1,  //
                      1, 0, 0, 1, 1, 0, 0, 1,  //
                      1, 0, 0, 1, 1, 0, 0, 1},
                     4, 2);
  const std::vector<Index> rows = {0, 1}, target = {2};
  Pool pool;
  pool.passes = &passes;
  pool.unlabeled = rows;
  pool.labeled = target;
  StrategyOptions options;
  options.epig_targets = target;
  const Selection picked = pick(pool, 2, options);
  EXPECT_EQ(picked.indices, (std::vector<Index>{1, 0}));
  EXPECT_NEAR(picked.scores[0], std::log(2.0), 1e-6);
  EXPECT_NEAR(picked.scores[1], 0.0, 1e-6);
}

class Shapes : public testing::TestWithParam<std::tuple<std::size_t, std::size_t, std::size_t>> {};
INSTANTIATE_TEST_SUITE_P(ClassesPassesTargets, Shapes,
                         testing::Values(std::tuple(2, 5, 10), std::tuple(2, 1, 10),
                                         std::tuple(3, 20, 1), std::tuple(10, 20, 150),
                                         std::tuple(100, 3, 5)));

TEST_P(Shapes, MatchesTheDefinition) {
  const auto [classes, passes, target_count] = GetParam();
  const SyntheticPool data(400, 2, classes, 50, 3, passes);
  StrategyOptions options;
  std::vector<Index> targets;
  for (std::size_t t = 0; t < target_count; ++t) targets.push_back(static_cast<Index>(2 * t + 1));
  options.epig_targets = targets;
  std::vector<std::vector<float>> target_passes;
  for (const Index row : targets) target_passes.push_back(passes_of(data.passes, row));

  const Selection picked = pick(data.view(), 350, options);
  for (std::size_t i = 0; i < 350; ++i) {
    EXPECT_NEAR(picked.scores[i],
                reference::epig(passes_of(data.passes, picked.indices[i]), target_passes, classes),
                2e-6);
    EXPECT_LE(picked.scores[i], picked.scores[i > 0 ? i - 1 : 0]);
  }
}

TEST(Epig, ByDefaultTargetsAreDrawnFromThePool) {
  const SyntheticPool data(300, 2, 3, 60);
  StrategyOptions all;  // as many targets as rows: the sample is the pool
  std::vector<Index> rows(300);
  std::iota(rows.begin(), rows.end(), 0u);
  all.epig_targets = rows;
  EXPECT_EQ(pick(data.view(), 20).indices, pick(data.view(), 20, all).indices);

  StrategyOptions few;
  few.values.set("epig_target_count", 2);
  EXPECT_NE(pick(data.view(), 20, few).scores, pick(data.view(), 20).scores);
}

TEST(Epig, RefusesTargetsOutsideThePool) {
  const SyntheticPool data(30, 2, 3, 6);
  StrategyOptions options;
  const std::vector<Index> targets = {1, 30};
  options.epig_targets = targets;
  expect_error([&] { pick(data.view(), 1, options); }, "[epig_targets] got row 30");
  options.epig_targets = {};
  options.values.set("epig_target_count", 0);
  expect_error([&] { pick(data.view(), 1, options); }, "[epig_target_count] got 0");
}

}  // namespace
}  // namespace goldpan
