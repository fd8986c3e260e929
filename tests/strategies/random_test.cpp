#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

TEST(Random, TakesEveryUnlabelledRowEquallyOften) {
  const SyntheticPool data(30, 2, 2, 10);
  Workers workers(1);
  std::vector<int> counts(30);
  const Generator seeds(7);
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Generator generator = seeds.stream(seed);
    for (const Index row : select("random", data.view(), 5, generator, workers).indices) {
      ++counts[row];
    }
  }
  // 4000 draws of 5 from 20: each 1000 times, standard deviation 27.
  for (const Index row : data.unlabeled) EXPECT_NEAR(counts[row], 1000, 5 * 27);
  for (const Index row : data.labeled) EXPECT_EQ(counts[row], 0);
}

TEST(Random, NeedsNoInputsAtAll) {
  const std::vector<Index> unlabeled = {2, 5, 9};
  Pool pool;
  pool.unlabeled = unlabeled;
  Generator generator(1);
  Workers workers(1);
  auto picks = select("random", pool, 3, generator, workers).indices;
  std::sort(picks.begin(), picks.end());
  EXPECT_EQ(picks, unlabeled);
}

}  // namespace
}  // namespace goldpan
