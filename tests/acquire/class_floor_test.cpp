#include "acquire/class_floor.hpp"

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

TEST(ClassFloor, BringsAStarvingClassToHalfOfItsShare) {
  // Class 1 has 3 of 40 labels, less than half of 20 %; of the 100 after the batch it should
  // have 10.
  EXPECT_EQ(class_floor_picks({0.8, 0.2, 0.0}, {37, 3, 0}, 70),
            (std::vector<std::size_t>{0, 7, 0}));
  // At half of its share it does not starve, however large the batch is.
  EXPECT_EQ(class_floor_picks({0.8, 0.2, 0.0}, {36, 4, 0}, 1000),
            (std::vector<std::size_t>{0, 0, 0}));
}

TEST(ClassFloor, TakesAtMostATenthOfTheBatch) {
  const auto picks = class_floor_picks({0.2, 0.4, 0.4}, {1000, 0, 0}, 200);
  EXPECT_EQ(picks[0], 0u);
  EXPECT_LE(std::accumulate(picks.begin(), picks.end(), std::size_t{0}), 20u);
  EXPECT_EQ(picks[1], 10u);
}

}  // namespace
}  // namespace goldpan
