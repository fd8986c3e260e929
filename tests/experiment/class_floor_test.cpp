#include "experiment/class_floor.hpp"

#include <numeric>

#include <gtest/gtest.h>

namespace goldpan {
namespace {

TEST(ClassShares, OneRandomSampleOfTheWholePool) {
  const UniformSample cold_start{{6, 3, 1}, {0, 0, 0}, 100};
  const auto shares = estimate_class_shares({cold_start}, 3);
  EXPECT_DOUBLE_EQ(shares[0], 0.6);
  EXPECT_DOUBLE_EQ(shares[2], 0.1);
}

TEST(ClassShares, CountWhatIsBoughtExactlyAndEstimateTheRest) {
  // 20 of 100 are bought, all of class 0; the other 80 look like class 1 alone.
  const UniformSample reserve{{0, 4}, {20, 0}, 80};
  const auto shares = estimate_class_shares({reserve}, 2);
  EXPECT_DOUBLE_EQ(shares[0], 0.2);
  EXPECT_DOUBLE_EQ(shares[1], 0.8);
}

TEST(ClassShares, WithoutSamplesNothingIsKnown) {
  EXPECT_EQ(estimate_class_shares({}, 2), (std::vector<double>{0, 0}));
  EXPECT_EQ(estimate_class_shares({UniformSample{{0, 0}, {5, 5}, 10}}, 2),
            (std::vector<double>{0, 0}));
}

TEST(ClassFloor, AsksForHalfOfTheShare) {
  // 100 labels after the batch: class 1 should have half of 20 %, that is 10, and has 4.
  const auto picks = class_floor_picks({0.8, 0.2, 0.0}, {36, 4, 0}, 60);
  EXPECT_EQ(picks, (std::vector<std::size_t>{0, 6, 0}));
  // Nobody starves: nothing is asked for.
  EXPECT_EQ(class_floor_picks({0.5, 0.5}, {20, 20}, 10), (std::vector<std::size_t>{0, 0}));
}

TEST(ClassFloor, TakesAtMostATenthOfTheBatch) {
  const auto picks = class_floor_picks({0.2, 0.4, 0.4}, {1000, 0, 0}, 200);
  EXPECT_EQ(picks[0], 0u);
  EXPECT_LE(std::accumulate(picks.begin(), picks.end(), std::size_t{0}), 20u);
  EXPECT_EQ(picks[1], 10u);
}

}  // namespace
}  // namespace goldpan
