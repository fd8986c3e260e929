#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/session/budgets.hpp>
#include <goldpan/session/settings.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<double> shares(const std::vector<PoolBudget>& budgets) {
  std::vector<double> values;
  for (const PoolBudget& budget : budgets) values.push_back(budget.share);
  return values;
}

std::vector<std::size_t> labels(const std::vector<PoolBudget>& budgets) {
  std::vector<std::size_t> values;
  for (const PoolBudget& budget : budgets) values.push_back(budget.labels);
  return values;
}

TEST(Budgets, AreSharesUpToOneAndCountsAbove) {
  EXPECT_EQ(parse_budget("0.05"), 0.05);
  EXPECT_EQ(parse_budget("1"), 1.0) << "all of the pool, as ever";
  EXPECT_EQ(parse_budget("20"), 20.0);
  EXPECT_EQ(parse_budget("1e3"), 1000.0);
  EXPECT_FALSE(is_count(parse_budget("1")));
  EXPECT_TRUE(is_count(parse_budget("2")));
}

// 0.1 / 100 is 0.0010000000000000002 in doubles, and would be a budget of its own in every table.
TEST(Budgets, PerCentsAreTheSharesThatOneWouldType) {
  EXPECT_EQ(parse_budget("5%"), 0.05);
  EXPECT_EQ(parse_budget("0.1%"), 0.001);
  EXPECT_EQ(parse_budget("12.5 %"), 0.125);
  EXPECT_EQ(parse_budget("100%"), 1.0);
  EXPECT_EQ(parse_budget("2%"), 0.02) << "no count";
  EXPECT_EQ(parse_budget("1e1%"), 0.1);
}

TEST(Budgets, BadOnesAreNamed) {
  expect_error([] { parse_budget("ten"); }, "[--budgets] got 'ten', expected a number: a share");
  expect_error([] { parse_budget(""); }, "[--budgets] got ''");
  expect_error([] { parse_budget("%"); }, "[--budgets] got '%'");
  expect_error([] { parse_budget("5%%"); }, "[--budgets] got '5%%'");
  expect_error([] { parse_budget("200%"); }, "got '200%', expected above 0% and up to 100%");
  expect_error([] { parse_budget("0%"); }, "got '0%', expected above 0%");
  expect_error([] { parse_budget("nan%"); }, "got 'nan%'");
  const auto refuse = [](const std::vector<double>& budgets, const std::string& message) {
    expect_error([&] { check_budgets(budgets); }, message);
  };
  refuse({}, "got none");
  refuse({2.5}, "got 2.5, expected fractions");
  refuse({-3}, "got -3, expected fractions");
  refuse({std::numeric_limits<double>::infinity()}, "got inf");
  refuse({std::numeric_limits<double>::quiet_NaN()}, "got nan");
  refuse({1e300}, "expected fractions");
  refuse({50, 20, 0.1}, "got 50,20,0.1, expected counts ascending and each once");
  refuse({20, 20}, "counts ascending and each once");
  refuse({20, 0.5, 50, 0.1}, "expected shares ascending and each once");
  EXPECT_NO_THROW(check_budgets(std::vector<double>{0.1, 20, 1, 3000}));
}

TEST(Budgets, OfAPoolAscendByLabels) {
  const std::vector<PoolBudget> budgets =
      budgets_of_pool(std::vector<double>{20, 500, 0.05, 1}, 2000);
  EXPECT_THAT(labels(budgets), ElementsAre(20, 100, 500, 2000));
  EXPECT_THAT(shares(budgets), ElementsAre(0.01, 0.05, 0.25, 1.0));
}

TEST(Budgets, ThatComeToTheSameLabelsAreOneRound) {
  const std::vector<PoolBudget> budgets =
      budgets_of_pool(std::vector<double>{20, 400, 0.05, 0.0500001, 1}, 400);
  EXPECT_THAT(labels(budgets), ElementsAre(20, 400));
  EXPECT_THAT(shares(budgets), ElementsAre(0.05, 1.0)) << "the share as it was given";
}

TEST(Budgets, AboveThePoolAreLeftOutAndSaid) {
  const std::vector<double> given = {20, 500, 5000, 0.5};
  EXPECT_THAT(labels(budgets_of_pool(given, 100)), ElementsAre(20, 50));
  EXPECT_EQ(budgets_left_out(given, 100),
            "budgets of 500, 5000 labels are left out: the pool has 100 items");
  EXPECT_EQ(budgets_left_out(given, 5000), "");
  expect_error(
      [] {
        budgets_of_pool(std::vector<double>{500, 1000}, 100);
      },
      "got 500,1000, expected a count within the pool of 100");
}

TEST(Budgets, OfTheDefaultRunCoverBothRegimes) {
  const std::vector<PoolBudget> budgets = budgets_of_pool(Settings().budgets, 40000);
  EXPECT_THAT(labels(budgets),
              ElementsAre(20, 50, 100, 200, 500, 2000, 4000, 10000, 20000, 30000, 40000));
}

}  // namespace
}  // namespace goldpan
