#include <algorithm>
#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/acquire/propose.hpp>

#include "expect_error.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Round round_of(std::string_view strategy, std::size_t batch, double reserve = 0,
               std::uint64_t seed = 3) {
  Round round;
  round.strategy = strategy;
  round.batch = batch;
  round.reserve = reserve;
  round.stream = [seed](const char* purpose) { return Generator(seed).stream(purpose); };
  return round;
}

std::vector<Index> rows_of(const std::vector<Pick>& picks) {
  std::vector<Index> rows;
  for (const Pick& pick : picks) rows.push_back(pick.row);
  return rows;
}

std::size_t count(const Proposal& proposal, Reason reason) {
  return static_cast<std::size_t>(
      std::ranges::count(proposal.picks, reason, [](const Pick& pick) { return pick.reason; }));
}

TEST(Propose, WithoutAReserveIsTheBareStrategy) {
  const SyntheticPool data(200, 6, 3, 20);
  Workers workers(2);
  Generator generator = Generator(3).stream("select");
  const Selection bare = select("badge", data.view(), 15, generator, workers);
  const Proposal proposal = propose(round_of("badge", 15), data.view(), workers);
  EXPECT_EQ(rows_of(proposal.picks), bare.indices);
  for (const Pick& pick : proposal.picks) {
    EXPECT_EQ(pick.reason, Reason::kStrategy);
    EXPECT_TRUE(std::isnan(pick.inclusion_probability));
  }
}

TEST(Propose, DrawsTheReserveFirstAndChoosesAroundIt) {
  const SyntheticPool data(200, 6, 3, 20);
  Workers workers(2);
  const Proposal proposal = propose(round_of("k_center", 40, 0.25), data.view(), workers);
  ASSERT_EQ(proposal.picks.size(), 40u);
  EXPECT_EQ(count(proposal, Reason::kReserve), 10u);
  const std::vector<Index> picked = rows_of(proposal.picks);
  EXPECT_EQ(std::set<Index>(picked.begin(), picked.end()).size(), 40u) << "distinct";
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(proposal.picks[i].reason, Reason::kReserve);
    EXPECT_DOUBLE_EQ(proposal.picks[i].inclusion_probability, 10.0 / 180);
    EXPECT_TRUE(std::isnan(proposal.picks[i].score));
  }
  // The strategy's part is what it picks with the reserve labelled.
  Pool around = data.view();
  std::vector<Index> labeled(around.labeled.begin(), around.labeled.end()), unlabeled;
  for (std::size_t i = 0; i < 10; ++i) labeled.push_back(proposal.picks[i].row);
  std::ranges::sort(labeled);
  unlabeled = complement(labeled, 200);
  around.labeled = labeled;
  around.unlabeled = unlabeled;
  Generator generator = Generator(3).stream("select");
  const Selection rest = select("k_center", around, 30, generator, workers);
  const std::vector<Index> all = rows_of(proposal.picks);
  EXPECT_EQ(std::vector<Index>(all.begin() + 10, all.end()), rest.indices);
}

TEST(Propose, FillsTheFloorFromRowsPredictedAsTheClass) {
  const SyntheticPool data(300, 6, 3, 20);
  Workers workers(1);
  Round round = round_of("entropy", 30, 0.1);
  round.floor = {{1, "rainy", 5}, {2, "foggy", 1000}};
  const Pool pool = data.view();
  std::size_t predicted = 0;
  for (const Index row : pool.unlabeled) {
    const auto p = pool.probabilities.row(row);
    if (std::ranges::max_element(p) - p.begin() == 2) ++predicted;
  }
  round.batch = 3 + 5 + predicted + 10;
  const Proposal proposal = propose(round, pool, workers);
  std::size_t of_class[3] = {};
  for (const Pick& pick : proposal.picks) {
    if (pick.reason != Reason::kClassFloor) continue;
    const auto p = pool.probabilities.row(pick.row);
    ++of_class[std::ranges::max_element(p) - p.begin()];
  }
  EXPECT_EQ(of_class[0], 0u);
  EXPECT_EQ(of_class[1], 5u);
  EXPECT_GT(of_class[2], 0u);
  EXPECT_EQ(proposal.picks.size(), round.batch);
  ASSERT_EQ(proposal.notes.size(), 2u);
  EXPECT_EQ(proposal.notes[0], "class floor: 5 of 5 wanted picks predicted as 'rainy'");
}

TEST(Propose, ARandomPickHasAProbabilityAndNoScore) {
  const SyntheticPool data(120, 4, 3, 20);
  Workers workers(1);
  const Proposal proposal = propose(round_of("random", 20, 0.1), data.view(), workers);
  EXPECT_DOUBLE_EQ(proposal.picks[0].inclusion_probability, 2.0 / 100);
  for (const Pick& pick : proposal.picks) EXPECT_TRUE(std::isnan(pick.score));
  EXPECT_DOUBLE_EQ(proposal.picks[5].inclusion_probability, 18.0 / 98);
}

TEST(Propose, ARestOfThePoolNeedNotBeRanked) {
  const SyntheticPool data(50, 4, 3, 10);
  Workers workers(1);
  Round round = round_of("k_center", 40, 0.5);
  round.rank_everything = false;
  const Proposal proposal = propose(round, data.view(), workers);
  const Pool pool = data.view();
  EXPECT_EQ(rows_of(proposal.picks),
            std::vector<Index>(pool.unlabeled.begin(), pool.unlabeled.end()));
  EXPECT_EQ(proposal.picks[0].inclusion_probability, 1.0);
  EXPECT_THAT(proposal.notes,
              testing::ElementsAre("the batch is the rest of the pool: nothing to choose"));
}

TEST(Propose, RefusesWhatCannotBe) {
  const SyntheticPool data(50, 4, 3, 10);
  Workers workers(1);
  expect_error([&] { propose(round_of("random", 41), data.view(), workers); },
               "[batch] got 41, but only 40 rows are unlabelled");
  for (const double reserve : {-0.1, 1.1, std::nan("")}) {
    expect_error([&] { propose(round_of("random", 4, reserve), data.view(), workers); },
                 "expected a share from 0 to 1");
  }
  Round round = round_of("k_center", 4);
  round.options.values.set("width", 3);
  expect_error([&] { propose(round, data.view(), workers); }, "is no option of k_center");
}

TEST(Complement, IsWhatIsLeft) {
  const Index rows[] = {0, 3, 4};
  EXPECT_THAT(complement(rows, 6), testing::ElementsAre(1, 2, 5));
  EXPECT_THAT(complement({}, 2), testing::ElementsAre(0, 1));
}

}  // namespace
}  // namespace goldpan
