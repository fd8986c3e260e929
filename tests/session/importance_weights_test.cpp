#include "session/importance_weights.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

TEST(ImportanceWeights, ByHand) {
  // Pool of 10. Batch 1: 2 uniform of 10. Batch 2: 1 uniform and 3 certain of 8.
  const auto weights = importance_weights({{{0, 1}, {}, 10}, {{2}, {3, 4, 5}, 8}}, 10);
  // Batch 1's estimate counts for 2/3: its rows stand for 5 each. Batch 2's counts for 1/3: the
  // first rows for 1 each, the certain rows for 1 each, the uniform row for the other 5.
  const double first = 2.0 / 3 * 5 + 1.0 / 3, certain = 1.0 / 3, second = 5.0 / 3;
  const double scale = 6 / (2 * first + 3 * certain + second);
  EXPECT_NEAR(weights[0], first * scale, 1e-12);
  EXPECT_NEAR(weights[4], certain * scale, 1e-12);
  EXPECT_NEAR(weights[2], second * scale, 1e-12);
  EXPECT_EQ(weights[9], 0);
  // Before scaling the weights sum to the pool: 2/3 * 10 + 1/3 * 10.
  EXPECT_NEAR(2 * first + 3 * certain + second, 10, 1e-12);
}

TEST(ImportanceWeights, WithoutUniformRowsNothingIsKnown) {
  EXPECT_TRUE(importance_weights({{{}, {1, 2}, 5}}, 5).empty());
  EXPECT_TRUE(importance_weights({}, 5).empty());
}

// A strategy that takes the largest values makes the plain mean of the bought values far too high;
// the weighted one is right on average.
TEST(ImportanceWeights, RemoveTheBiasOfAGreedyStrategy) {
  constexpr std::size_t kPool = 60;
  std::vector<double> values(kPool);
  for (std::size_t i = 0; i < kPool; ++i) values[i] = std::pow(static_cast<double>(i), 2);
  const double truth = std::accumulate(values.begin(), values.end(), 0.0) / kPool;

  Generator generator(5);
  double plain_sum = 0, weighted_sum = 0, weighted_squares = 0;
  constexpr int kRuns = 4000;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<Index> unlabeled(kPool);
    std::iota(unlabeled.begin(), unlabeled.end(), Index{0});
    std::vector<SampledBatch> batches;
    std::vector<Index> bought;
    for (int round = 0; round < 3; ++round) {
      SampledBatch batch;
      batch.unlabeled_before = unlabeled.size();
      // The five largest are certain whatever the draw is: the exact case.
      if (round > 0) batch.certain.assign(unlabeled.end() - 5, unlabeled.end());
      std::erase_if(unlabeled,
                    [&](Index row) { return std::ranges::count(batch.certain, row) > 0; });
      batch.uniform = generator.sample(unlabeled, 4);
      std::erase_if(unlabeled,
                    [&](Index row) { return std::ranges::count(batch.uniform, row) > 0; });
      bought.insert(bought.end(), batch.certain.begin(), batch.certain.end());
      bought.insert(bought.end(), batch.uniform.begin(), batch.uniform.end());
      batches.push_back(std::move(batch));
    }
    const auto weights = importance_weights(batches, kPool);
    double plain = 0, weighted = 0;
    for (const Index row : bought) {
      plain += values[row];
      weighted += weights[row] * values[row];
    }
    const auto count = static_cast<double>(bought.size());
    plain_sum += plain / count;
    weighted_sum += weighted / count;
    weighted_squares += weighted * weighted / (count * count);
  }
  const double mean = weighted_sum / kRuns;
  const double error = std::sqrt((weighted_squares / kRuns - mean * mean) / kRuns);
  EXPECT_NEAR(mean, truth, 4 * error);
  EXPECT_GT(plain_sum / kRuns, truth * 1.3);
}

}  // namespace
}  // namespace goldpan
