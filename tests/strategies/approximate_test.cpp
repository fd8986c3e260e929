#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reference/k_center.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Selection pick(std::string_view strategy, const Pool& pool, std::size_t batch,
               const StrategyOptions& options, std::uint64_t seed = 0) {
  Generator generator(seed);
  Workers workers(2);
  return select(strategy, pool, batch, generator, workers, options);
}

TEST(Approximate, KCenterSaysWhatItLoses) {
  const SyntheticPool data(3000, 8, 4, 50);
  StrategyOptions options;
  options.values.set("approximate_share", 0.2);
  const Selection picks = pick("k_center_approximate", data.view(), 30, options);
  ASSERT_EQ(picks.notes.size(), 1u);
  EXPECT_THAT(picks.notes[0], testing::HasSubstr("looked at 590 of 2950 unlabelled rows"));
  EXPECT_THAT(picks.notes[0], testing::HasSubstr("% lost"));
}

TEST(Approximate, KCenterCoversTheSampleAsThePlainAlgorithmDoes) {
  const SyntheticPool data(3000, 8, 4, 50);
  StrategyOptions options;
  options.values.set("approximate_share", 0.2);
  const Selection picks = pick("k_center_approximate", data.view(), 30, options);
  // Each pick's distance is that to its nearest center at the time.
  std::vector<Index> centers = data.labeled;
  for (std::size_t i = 0; i < 30; ++i) {
    float nearest = 1e30f;
    for (const Index center : centers) {
      nearest = std::min(nearest,
                         reference::squared_distance(data.embeddings.row(picks.indices[i]).data(),
                                                     data.embeddings.row(center).data(), 8));
    }
    EXPECT_EQ(picks.scores[i], std::sqrt(double{nearest})) << i;
    centers.push_back(picks.indices[i]);
  }
  EXPECT_TRUE(std::ranges::is_sorted(picks.scores, std::ranges::greater()));
}

TEST(Approximate, BadgeSaysWhatItLoses) {
  const SyntheticPool data(3000, 8, 4, 50);
  StrategyOptions options;
  options.values.set("approximate_share", 0.2);
  const Selection picks = pick("badge_approximate", data.view(), 30, options);
  ASSERT_EQ(picks.notes.size(), 1u);
  EXPECT_THAT(picks.notes[0], testing::HasSubstr("looked at 590 of 2950 unlabelled rows"));
  EXPECT_THAT(picks.notes[0], testing::HasSubstr("% lost"));
}

TEST(Approximate, IsExactWhereTheSampleIsThePool) {
  const SyntheticPool data(400, 8, 4, 50);
  for (const std::string exact : {"k_center", "badge"}) {
    const Selection picks = pick(exact + "_approximate", data.view(), 40, {});
    EXPECT_EQ(picks.indices, pick(exact, data.view(), 40, {}).indices);
    ASSERT_EQ(picks.notes.size(), 1u);
    EXPECT_THAT(picks.notes[0], testing::HasSubstr("the sample is the whole pool"));
  }
}

TEST(Approximate, DrawsAnotherSampleForAnotherSeed) {
  const SyntheticPool data(3000, 8, 4, 50);
  StrategyOptions options;
  options.values.set("approximate_rows_per_pick", 2);
  EXPECT_NE(pick("k_center_approximate", data.view(), 20, options, 1).indices,
            pick("k_center_approximate", data.view(), 20, options, 2).indices);
}

}  // namespace
}  // namespace goldpan
