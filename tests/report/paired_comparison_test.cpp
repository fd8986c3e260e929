#include "report/paired_comparison.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

#include "report/statistics.hpp"

namespace goldpan::report {
namespace {

// The mean squares of a two-way layout, by their textbook sums over all cells.
CrossedVariance reference(const std::vector<std::vector<float>>& values) {
  const double s = static_cast<double>(values.size()), n = static_cast<double>(values[0].size());
  double grand = 0;
  for (const auto& row : values) {
    for (const float v : row) grand += v / (s * n);
  }
  double seeds = 0, items = 0, total = 0;
  for (const auto& row : values) {
    double m = 0;
    for (const float v : row) m += v / n;
    seeds += n * (m - grand) * (m - grand);
    for (const float v : row) total += (v - grand) * (v - grand);
  }
  for (std::size_t i = 0; i < values[0].size(); ++i) {
    double m = 0;
    for (const auto& row : values) m += row[i] / s;
    items += s * (m - grand) * (m - grand);
  }
  return {seeds / (s - 1) / (s * n), items / (n - 1) / (s * n),
          (total - seeds - items) / ((s - 1) * (n - 1)) / (s * n), values.size(), values[0].size()};
}

TEST(CrossedVariance, IsThatOfTheTwoWayLayout) {
  Generator noise(3);
  std::vector<std::vector<float>> values(4, std::vector<float>(37));
  for (auto& row : values) {
    for (float& v : row) v = static_cast<float>(noise.normal());
  }
  const CrossedVariance found = crossed_variance(values), expected = reference(values);
  EXPECT_NEAR(found.seeds, expected.seeds, 1e-9);
  EXPECT_NEAR(found.items, expected.items, 1e-9);
  EXPECT_NEAR(found.cells, expected.cells, 1e-9);
  EXPECT_GE(found.total(), found.seeds);
  EXPECT_GE(found.total(), found.items);
}

TEST(CrossedVariance, IsUnbiasedForSeedsAndItemsAlike) {
  Generator noise(5);
  const std::size_t seeds = 5, items = 40;
  const double of_seed = 0.02, of_item = 0.3, of_cell = 0.5;  // standard deviations
  double sum = 0, means = 0;
  const int runs = 2000;
  for (int run = 0; run < runs; ++run) {
    std::vector<double> item(items);
    for (double& v : item) v = of_item * noise.normal();
    std::vector<std::vector<float>> values(seeds, std::vector<float>(items));
    double mean = 0;
    for (auto& row : values) {
      const double shift = of_seed * noise.normal();
      for (std::size_t i = 0; i < items; ++i) {
        row[i] = static_cast<float>(shift + item[i] + of_cell * noise.normal());
        mean += row[i] / static_cast<double>(seeds * items);
      }
    }
    const CrossedVariance v = crossed_variance(values);
    sum += v.seeds + v.items - v.cells;
    means += mean * mean;
  }
  const double truth =
      of_seed * of_seed / seeds + of_item * of_item / items + of_cell * of_cell / (seeds * items);
  EXPECT_NEAR(sum / runs, truth, 0.05 * truth);
  EXPECT_NEAR(means / runs, truth, 0.12 * truth);
}

// A run with hits: [strategy][seed][item].
Records run_of(const std::vector<std::vector<std::vector<bool>>>& hits, bool keep_hits) {
  Records records;
  records.strategies = {"random", "margin"};
  records.budgets = {0.1};
  records.test_size = hits[0][0].size();
  for (std::size_t s = 0; s < hits.size(); ++s) {
    for (std::size_t seed = 0; seed < hits[s].size(); ++seed) {
      if (s == 0) records.seeds.push_back(seed + 1);
      RoundRecord round;
      round.strategy = records.strategies[s];
      round.seed = seed + 1;
      round.budget = 0.1;
      round.labeled = 10;
      double right = 0;
      for (const bool hit : hits[s][seed]) right += hit ? 1 : 0;
      round.metrics.set("accuracy", right / static_cast<double>(hits[s][seed].size()));
      if (keep_hits) round.hits = hits[s][seed];
      records.rounds.push_back(round);
    }
  }
  return records;
}

// Two seeds whose gains are equal: one test image of 60, or but for rounding. It was called
// "better" with p = 7e-16.
TEST(Contrast, ASpreadBelowWhatTheTestSetResolvesIsNoSpread) {
  for (const bool keep_hits : {true, false}) {
    for (const std::size_t start : {31U, 38U, 41U}) {
      std::vector<std::vector<std::vector<bool>>> hits(
          2, std::vector<std::vector<bool>>(2, std::vector<bool>(60)));
      for (std::size_t seed = 0; seed < 2; ++seed) {
        for (std::size_t i = 0; i < 60; ++i) {
          hits[0][seed][i] = i < start + seed;
          hits[1][seed][i] = i < start + seed + 1;
        }
      }
      const Records records = run_of(hits, keep_hits);
      const Analysis analysis(records);
      ASSERT_EQ(analysis.gains.size(), 1U);
      const Gain& gain = analysis.gains[0];
      EXPECT_NEAR(gain.test.mean, 100.0 / 60, 1e-9);
      EXPECT_EQ(gain.test.std, 0) << "what rounding left is no spread";
      EXPECT_GT(gain.test.p_value, 0.1);
      EXPECT_EQ(gain.verdict, "not shown with 2 seeds");
      EXPECT_EQ(analysis.wins[1].wins, 0U);
    }
  }
}

TEST(Contrast, FindsWhatBothSeedsAndItemsBearOut) {
  Generator noise(9);
  std::vector<std::vector<std::vector<bool>>> hits(
      2, std::vector<std::vector<bool>>(3, std::vector<bool>(2000)));
  for (std::size_t i = 0; i < 2000; ++i) {
    const double ease = noise.uniform();
    for (std::size_t seed = 0; seed < 3; ++seed) {
      hits[0][seed][i] = noise.uniform() < ease;
      // The second likes every other item: what that is worth is not the same on another test set.
      hits[1][seed][i] = noise.uniform() < ease + (i % 2 == 0 ? 0.3 : -0.1);
    }
  }
  const Records records = run_of(hits, true);
  const Analysis analysis(records);
  EXPECT_TRUE(analysis.has_items());
  EXPECT_EQ(analysis.gains[0].verdict, "better");
  EXPECT_GT(analysis.gains[0].test.std_error_items, 0);
  EXPECT_EQ(analysis.wins[1].wins, 1U) << "gains and wins come from one test";
}

TEST(SeedsNeeded, KnowsWhatNoSeedTakesAway) {
  EXPECT_EQ(seeds_needed(1, 1, 0.05), seeds_needed(1, 1, 0.05, 0));
  EXPECT_GT(seeds_needed(1, 1, 0.05, 0.25), seeds_needed(1, 1, 0.05));
  EXPECT_EQ(seeds_needed(1, 1, 0.05, 0.6), 0U) << "the test set is too small";
}

}  // namespace
}  // namespace goldpan::report
