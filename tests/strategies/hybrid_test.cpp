#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reference/k_center.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Selection hybrid(const Pool& pool, std::size_t batch, double factor = 2.0) {
  Generator generator(0);
  Workers workers(2);
  StrategyOptions options;
  options.values.set("shortlist_factor", factor);
  return select("hybrid", pool, batch, generator, workers, options);
}

std::vector<Index> shortlist(const SyntheticPool& data, std::size_t size) {
  const auto entropy = [&](Index row) {
    double sum = 0;
    for (const float p : data.probabilities.row(row)) sum -= p > 0 ? p * std::log(double{p}) : 0.0;
    return sum;
  };
  std::vector<Index> rows = data.unlabeled;
  std::ranges::stable_sort(rows, [&](Index a, Index b) { return entropy(a) > entropy(b); });
  rows.resize(size);
  std::ranges::sort(rows);
  return rows;
}

TEST(Hybrid, IsKCenterOnTheMostEntropic) {
  const SyntheticPool data(500, 12, 5, 50);
  for (const double factor : {1.0, 2.0, 3.5}) {
    const auto size = static_cast<std::size_t>(std::ceil(40 * factor));
    const Selection plain =
        reference::k_center(data.embeddings, data.labeled, shortlist(data, size), 40);
    const Selection picks = hybrid(data.view(), 40, factor);
    EXPECT_EQ(picks.indices, plain.indices) << factor;
    EXPECT_EQ(picks.scores, plain.scores) << factor;
  }
}

TEST(Hybrid, AShortlistBeyondThePoolIsThePool) {
  const SyntheticPool data(100, 6, 4, 20);
  EXPECT_EQ(hybrid(data.view(), 30, 1e6).indices,
            reference::k_center(data.embeddings, data.labeled, data.unlabeled, 30).indices);
}

TEST(Hybrid, StartsColdByTheRuleOrAsAsked) {
  const SyntheticPool data(200, 6, 4, 20);
  Pool pool = data.view();
  pool.probabilities = {};
  pool.passes = nullptr;
  Generator generator(0);
  Workers workers(2);
  StrategyOptions narrow;
  narrow.values.set("radius", 0.5);
  EXPECT_EQ(hybrid(pool, 15).indices,
            select("max_herding", pool, 15, generator, workers, narrow).indices);
  EXPECT_EQ(hybrid(pool, 50).indices,
            select("max_herding", pool, 50, generator, workers, narrow).indices);
  EXPECT_EQ(hybrid(pool, 51).indices, select("k_means", pool, 51, generator, workers).indices);
  for (const char* start : {"k_means", "max_herding", "typiclust"}) {
    StrategyOptions options;
    options.values.set("cold_start", start);
    const Selection picks = select("hybrid", pool, 15, generator, workers, options);
    EXPECT_EQ(picks.indices, select(start, pool, 15, generator, workers).indices);
    ASSERT_FALSE(picks.notes.empty());
    EXPECT_THAT(picks.notes[0], testing::HasSubstr(std::string("picked by ") + start));
  }
}

}  // namespace
}  // namespace goldpan
