#include "report/statistics.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "report/sample_records.hpp"

namespace goldpan::report {
namespace {

// Curves by strategy and seed over 5, 50 and 100 % of 1,000 items.
Records small_run(
    const std::vector<std::pair<std::string, std::vector<std::vector<double>>>>& runs) {
  Records records;
  records.budgets = {0.05, 0.5, 1.0};
  records.pool_size = 1000;
  records.test_size = 10000;
  for (const auto& [strategy, seeds] : runs) {
    records.strategies.push_back(strategy);
    for (std::size_t seed = 0; seed < seeds.size(); ++seed) {
      if (records.seeds.size() <= seed) records.seeds.push_back(seed + 1);
      for (std::size_t r = 0; r < seeds[seed].size(); ++r) {
        RoundRecord round;
        round.strategy = strategy;
        round.seed = seed + 1;
        round.round = r;
        round.budget = records.budgets[r];
        round.labeled = static_cast<std::size_t>(1000 * records.budgets[r]);
        round.metrics.set("accuracy", seeds[seed][r]);
        records.rounds.push_back(round);
      }
    }
  }
  return records;
}

const std::vector<std::vector<double>> kRandom = {
    {0.50, 0.60, 0.70}, {0.52, 0.61, 0.71}, {0.48, 0.59, 0.69}};

TEST(Gains, ArePairedOverSeeds) {
  // Seeds differ by two points, the gain hardly at all: pairing sees it.
  const Records records =
      small_run({{"random", kRandom},
                 {"badge", {{0.50, 0.620, 0.701}, {0.52, 0.631, 0.709}, {0.48, 0.611, 0.69}}}});
  const Analysis analysis(records);
  ASSERT_EQ(analysis.gains.size(), 3U);
  EXPECT_EQ(analysis.gains[0].verdict, "equal") << "the same first batch";
  EXPECT_EQ(analysis.gains[0].test.mean, 0);
  const Gain& middle = analysis.gains[1];
  EXPECT_NEAR(middle.test.mean, 6.2 / 3, 1e-9);
  EXPECT_EQ(middle.verdict, "better");
  EXPECT_EQ(middle.p_holm, middle.test.p_value) << "a family of one";
  EXPECT_EQ(analysis.gains[2].verdict, "same labels");
  EXPECT_TRUE(std::isnan(analysis.gains[2].p_holm));
  EXPECT_EQ(analysis.gain(1, 1), &analysis.gains[1]);
  EXPECT_EQ(analysis.gain(0, 1), nullptr);
}

TEST(Gains, AreCorrectedOverStrategiesAtABudget) {
  const std::vector<std::vector<double>> better = {
      {0.51, 0.620, 0.70}, {0.53, 0.632, 0.71}, {0.48, 0.609, 0.69}};
  const Records records =
      small_run({{"a", better}, {"random", kRandom}, {"b", better}, {"c", kRandom}});
  const Analysis analysis(records);
  const Gain* gain = analysis.gain(0, 1);
  ASSERT_NE(gain, nullptr);
  EXPECT_NEAR(gain->p_holm, 2 * gain->test.p_value, 1e-12) << "c equals random and does not count";
  EXPECT_EQ(analysis.gain(3, 1)->verdict, "equal");
}

TEST(Gains, CopeWithMissingRounds) {
  const Records records = small_run(
      {{"random", {{0.5, 0.6, 0.7}, {0.52}}}, {"badge", {{0.51, 0.62, 0.7}, {0.5, 0.6}}}});
  const Analysis analysis(records);
  EXPECT_EQ(analysis.grid.missing(), 3U);
  EXPECT_EQ(analysis.gain(1, 0)->test.n, 2U);
  EXPECT_EQ(analysis.gain(1, 1)->test.n, 1U);
  EXPECT_EQ(analysis.gain(1, 1)->verdict, "not shown with 1 seed");
  EXPECT_EQ(analysis.areas[1].log_area.size(), 1U);
}

TEST(Gains, NeedRandom) {
  const Analysis analysis(small_run({{"badge", kRandom}}));
  EXPECT_TRUE(analysis.gains.empty());
  EXPECT_FALSE(analysis.matches.empty());
  EXPECT_TRUE(std::isnan(analysis.matches[0].saved_over_random));
}

TEST(Records, MayBeEmpty) {
  const Records empty;
  const Analysis analysis(empty);
  EXPECT_TRUE(analysis.gains.empty());
  EXPECT_TRUE(analysis.matches.empty());
  EXPECT_TRUE(std::isnan(analysis.full_accuracy));
  EXPECT_FALSE(analysis.check.applies());
}

TEST(Area, IsTheMeanOverLogBudget) {
  const Analysis analysis(small_run({{"random", {{0.5, 0.6, 0.7}}}}));
  // Trapezoids over ln 0.05, ln 0.5, ln 1, by hand.
  const double expected = (std::log(10) * 0.55 + std::log(2) * 0.65) / std::log(20);
  EXPECT_NEAR(analysis.areas[0].log_area[0], expected, 1e-12);
  EXPECT_NEAR(analysis.areas[0].linear_area[0], (0.45 * 0.55 + 0.5 * 0.65) / 0.95, 1e-12);
  EXPECT_EQ(analysis.areas[0].against_random.test.n, 0U);
}

TEST(Wins, CountBudgetsWonByThePairedTest) {
  const Records records =
      small_run({{"random", kRandom},
                 {"badge", {{0.47, 0.62, 0.7}, {0.53, 0.631, 0.71}, {0.49, 0.611, 0.69}}}});
  const std::vector<Wins> wins = Analysis(records).wins;
  ASSERT_EQ(wins.size(), 2U);
  EXPECT_EQ(wins[0].wins, 0U);
  EXPECT_EQ(wins[1].winner, 1U);
  EXPECT_EQ(wins[1].wins, 1U) << "at 50 % alone: at 5 % the seeds disagree";
  EXPECT_EQ(wins[1].budgets, 2U) << "the whole pool is no contest";
}

TEST(LabelsToMatch, SavesLabelsAndCountsThemUp) {
  const Records records =
      small_run({{"random", kRandom},
                 {"badge", {{0.68, 0.70, 0.7}, {0.69, 0.71, 0.71}, {0.67, 0.69, 0.69}}}});
  const std::vector<LabelsToMatch> matches = Analysis(records).matches;
  ASSERT_EQ(matches.size(), 6U);
  EXPECT_EQ(matches[2].target, 1.0);
  EXPECT_EQ(matches[2].labels, 1000) << "random needs every label for the full accuracy";
  EXPECT_EQ(matches[2].saved, 0);
  EXPECT_EQ(matches[3].labels, 50) << "95 % of 0.70 is there at the first budget";
  EXPECT_TRUE(matches[3].at_most);
  EXPECT_EQ(matches[5].labels, 500);
  EXPECT_EQ(matches[5].saved, 500);
  EXPECT_EQ(matches[5].saved_over_random, 500);
  EXPECT_EQ(matches[5].labels_low, 500);
  EXPECT_EQ(matches[5].labels_high, 500);
  // 99 % of 0.70 = 0.693 lies between 50 and 500 labels.
  EXPECT_GT(matches[4].labels, 50);
  EXPECT_LT(matches[4].labels, 500);
  EXPECT_FALSE(matches[4].at_most);
}

TEST(FullDataCheck, PassesWithinTrainingNoise) {
  const Records sound = sample_records();
  const FullDataCheck check = Analysis(sound).check;
  EXPECT_TRUE(check.passed());
  EXPECT_GT(check.spread, 0);
  EXPECT_EQ(check.tolerance, 0.5) << "one standard error of 10,000 tests is 0.48 points";
}

TEST(FullDataCheck, NamesWhoDisagrees) {
  Records records = sample_records();
  for (RoundRecord& round : records.rounds) {
    if (round.strategy == "badge" && round.seed == 2 && round.round == 5)
      round.metrics.set("accuracy", round.value("accuracy") + 0.02);
  }
  const FullDataCheck check = Analysis(records).check;
  EXPECT_TRUE(check.applies());
  EXPECT_FALSE(check.passed());
  EXPECT_EQ(check.seed, 2U);
  EXPECT_EQ(check.best, "badge");
  EXPECT_GT(check.spread, 1.5);
}

TEST(FullDataCheck, AllowsMoreNoiseOnAFewTests) {
  Records records = sample_records();
  records.test_size = 300;
  EXPECT_NEAR(Analysis(records).check.tolerance, 100 * std::sqrt(0.644 * 0.356 / 300), 0.05);
}

TEST(FullDataCheck, DoesNotApplyBelowTheWholePool) {
  Records records = sample_records();
  std::erase_if(records.rounds, [](const RoundRecord& round) { return round.budget > 0.9; });
  const Analysis analysis(records);
  EXPECT_FALSE(analysis.check.applies());
  EXPECT_TRUE(analysis.matches.empty());
}

}  // namespace
}  // namespace goldpan::report
