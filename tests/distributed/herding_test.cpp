#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "distributed/shards_of_pool.hpp"
#include "reference/coverage.hpp"

namespace goldpan {
namespace {

constexpr double kRadius = 0.6;

StrategyOptions with_radius(double radius) {
  StrategyOptions options;
  options.values.set("radius", radius);
  return options;
}

Selection on_one_machine(const std::string& strategy, const Pool& pool, std::size_t batch,
                         const StrategyOptions& options, Workers& workers) {
  Generator unused(0);
  return select(strategy, pool, batch, unused, workers, options);
}

/// sum_x w(x) max_s k(x, s) over the unlabelled rows.
double covered(const Matrix<double>& kernel, const SyntheticPool& data,
               const std::vector<double>& weights, std::span<const Index> picks) {
  double sum = 0;
  for (const Index row : data.unlabeled) {
    double most = 0;
    for (const Index center : data.labeled) most = std::max(most, kernel(row, center));
    for (const Index center : picks) most = std::max(most, kernel(row, center));
    sum += weights[row] * most;
  }
  return sum;
}

/// RandGreeDi by its definition, on a dense kernel: greedy on each shard around all labelled rows,
/// greedy on the union by the whole pool, the better of that and the best shard's.
std::vector<Index> slow_rand_greedi(const Matrix<double>& kernel, const SyntheticPool& data,
                                    const std::vector<double>& weights,
                                    const std::vector<std::size_t>& ends, std::size_t batch) {
  const auto greedy = [&](const std::vector<Index>& candidates, const std::vector<Index>& over) {
    SyntheticPool part = data;
    part.unlabeled = over;
    std::vector<Index> picks;
    while (picks.size() < std::min(batch, candidates.size())) {
      double best = -1;
      Index best_row = 0;
      for (const Index row : candidates) {
        if (std::ranges::find(picks, row) != picks.end()) continue;
        picks.push_back(row);
        const double value = covered(kernel, part, weights, picks);
        picks.pop_back();
        if (value > best + 1e-7) {
          best = value;
          best_row = row;
        }
      }
      picks.push_back(best_row);
    }
    return picks;
  };
  std::vector<Index> candidates, best;
  double most = -1;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    std::vector<Index> own;
    for (const Index row : data.unlabeled) {
      if (row >= begin && row < end) own.push_back(row);
    }
    const std::vector<Index> picks = greedy(own, own);
    candidates.insert(candidates.end(), picks.begin(), picks.end());
    const double value = covered(kernel, data, weights, picks);
    if (picks.size() == batch && value > most) {
      most = value;
      best = picks;
    }
    begin = end;
  }
  std::ranges::sort(candidates);
  const std::vector<Index> picks = greedy(candidates, data.unlabeled);
  return covered(kernel, data, weights, picks) >= most ? picks : best;
}

TEST(HerdingRounds, AreRandGreeDiByItsDefinition) {
  const std::vector<std::size_t> ends = {60, 60, 130, 200};
  for (const std::size_t labels : {0, 12}) {
    const SyntheticPool data(200, 6, 4, labels, 5);
    const Matrix<double> kernel = reference::gaussian_kernel(data.embeddings, kRadius);
    Workers workers(2);
    for (const std::string strategy : {"max_herding", "uherding"}) {
      std::vector<double> weights(200, 1);
      if (strategy == "uherding" && labels > 0) {
        for (std::size_t row = 0; row < 200; ++row) {
          std::vector<float> p(data.probabilities.row(row).begin(),
                               data.probabilities.row(row).end());
          std::ranges::sort(p);
          weights[row] = 1 - (p[3] - p[2]);
        }
      }
      const Selection got = select_in_rounds(strategy, cut(data, ends), 15, Generator(0), workers,
                                             {}, nullptr, with_radius(kRadius));
      EXPECT_EQ(got.indices, slow_rand_greedi(kernel, data, weights, ends, 15))
          << strategy << ", " << labels;
      EXPECT_THAT(got.notes.back(), testing::HasSubstr("approximate (RandGreeDi)"));
      // Scores add up to what is covered.
      double sum = 0;
      for (const double score : got.scores) sum += score;
      EXPECT_NEAR(sum * 200,
                  covered(kernel, data, weights, got.indices) - covered(kernel, data, weights, {}),
                  1e-3);
    }
  }
}

TEST(HerdingRounds, OneShardPicksWhatOneMachinePicks) {
  for (const std::size_t labels : {0, 30}) {
    const SyntheticPool data(700, 12, 4, labels, 2);
    Workers workers(2);
    for (const std::string strategy : {"max_herding", "uherding"}) {
      const Selection expected = on_one_machine(strategy, data.view(), 40, {}, workers);
      const Selection got =
          select_in_rounds(strategy, cut(data, {0, 700, 700}), 40, Generator(0), workers);
      EXPECT_EQ(got.indices, expected.indices) << strategy;
      EXPECT_EQ(got.scores, expected.scores) << strategy;
      EXPECT_EQ(got.notes, expected.notes) << strategy;
    }
  }
}

TEST(HerdingRounds, CoverNearlyWhatOneMachineCovers) {
  const SyntheticPool data(2000, 8, 6, 25, 4);
  const Matrix<double> kernel = reference::gaussian_kernel(data.embeddings, kRadius);
  const std::vector<double> weights(2000, 1);
  Workers workers(2);
  const auto options = with_radius(kRadius);
  const Selection one = on_one_machine("max_herding", data.view(), 50, options, workers);
  const Selection many = select_in_rounds("max_herding", cut(data, {500, 1000, 1500, 2000}), 50,
                                          Generator(0), workers, {}, nullptr, options);
  const double before = covered(kernel, data, weights, {});
  const double gain = covered(kernel, data, weights, many.indices) - before;
  EXPECT_GT(gain, 0.9 * (covered(kernel, data, weights, one.indices) - before));
}

TEST(HerdingRounds, FaultsAndThreadsChangeNoPick) {
  const SyntheticPool data(900, 10, 4, 20, 9);
  const std::vector<PoolShard> shards = cut(data, {200, 500, 900});
  Workers one(1), two(2);
  for (const std::string strategy : {"max_herding", "uherding"}) {
    const Selection expected = select_in_rounds(strategy, shards, 40, Generator(0), one);
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      Generator dice = Generator(seed).stream("dice");
      int kills = 0, restarts = 0;
      const Faults faults{[&] { return dice.below(6) == 0 && ++kills > 0; },
                          [&] { return dice.below(8) == 0 && ++restarts > 0; }};
      const Selection got = select_in_rounds(strategy, shards, 40, Generator(0), two, faults);
      EXPECT_EQ(got.indices, expected.indices) << kills << " and " << restarts;
      EXPECT_EQ(got.scores, expected.scores);
      EXPECT_EQ(got.notes, expected.notes);
      EXPECT_GT(kills, 0);
    }
  }
}

}  // namespace
}  // namespace goldpan
