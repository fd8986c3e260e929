#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Selection pick(const char* strategy, const Pool& pool, std::size_t batch,
               const StrategyOptions& options = {}) {
  Generator generator(0);
  Workers workers(2);
  return select(strategy, pool, batch, generator, workers, options);
}

std::size_t arg_max(std::span<const float> values) {
  return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

/// Rows on which more than `threshold` of the first `count` passes predict another class.
std::vector<Index> disagreeing(const SyntheticPool& data, std::size_t count,
                               std::size_t threshold) {
  const std::size_t classes = data.probabilities.cols(), passes = data.passes.passes();
  std::vector<Index> rows;
  for (const Index row : data.unlabeled) {
    std::vector<float> values(passes * classes);
    data.passes.probabilities({&row, 1}, values);
    std::size_t other = 0;
    for (std::size_t k = 0; k < count; ++k) {
      other += arg_max(std::span<const float>(values).subspan(k * classes, classes)) !=
               arg_max(data.probabilities.row(row));
    }
    if (other > threshold) rows.push_back(row);
  }
  return rows;
}

/// Passes that agree with the plain prediction except on the rows named, and there `votes` times.
void disagree_on(SyntheticPool& data, const std::vector<std::pair<Index, std::size_t>>& votes) {
  const std::size_t classes = data.probabilities.cols(), passes = data.passes.passes();
  std::vector<float> values(data.probabilities.rows() * passes * classes, 0.0f);
  for (Index row = 0; row < data.probabilities.rows(); ++row) {
    const std::size_t plain = arg_max(data.probabilities.row(row));
    for (std::size_t k = 0; k < passes; ++k) {
      std::size_t predicted = plain;
      for (const auto& [own, count] : votes) {
        if (own == row && k < count) predicted = (plain + 1) % classes;
      }
      values[(row * passes + k) * classes + predicted] = 1.0f;
    }
  }
  data.passes = OwnedPasses(std::move(values), passes, classes);
}

TEST(DropQuery, CandidatesAreTheRowsOnWhichPassesDisagree) {
  const SyntheticPool data(400, 6, 4, 40, 1);
  // Few picks: a majority is enough; the picks are among them.
  const std::vector<Index> majority = disagreeing(data, 3, 1);
  ASSERT_GE(majority.size(), 100u);
  const Selection few = pick("drop_query", data.view(), 4);
  for (const Index row : few.indices) EXPECT_TRUE(std::ranges::binary_search(majority, row));
  EXPECT_THAT(few.notes[0], testing::HasSubstr(std::to_string(majority.size()) + " of 360"));
  EXPECT_THAT(few.notes[1], testing::HasSubstr("more than 1 of 3"));
  // Many: any disagreement counts.
  const std::vector<Index> any = disagreeing(data, 3, 0);
  const Selection many = pick("drop_query", data.view(), any.size());
  EXPECT_EQ(std::set<Index>(many.indices.begin(), many.indices.end()),
            std::set<Index>(any.begin(), any.end()));
  EXPECT_THAT(many.notes[1], testing::HasSubstr("more than 0 of 3"));
}

TEST(DropQuery, TooFewCandidatesAreFilledAtRandom) {
  SyntheticPool data(100, 4, 3, 10);
  const std::vector<Index> rows = {data.unlabeled[3], data.unlabeled[50]};
  disagree_on(data, {{rows[0], 1}, {rows[1], 3}, {data.unlabeled[7], 0}});
  const Selection picked = pick("drop_query", data.view(), 5);
  EXPECT_EQ((std::vector<Index>(picked.indices.begin(), picked.indices.begin() + 2)), rows);
  EXPECT_THAT(picked.notes[0],
              testing::HasSubstr("2 of 90 rows are candidates: 3 picks at random"));
}

TEST(DropQuery, OnlyTheFirstPassesAreLookedAt) {
  SyntheticPool data(100, 4, 3, 10);
  disagree_on(data, {{data.unlabeled[3], 1}});
  StrategyOptions options;
  options.values.set("query_passes", 1);
  const Selection picked = pick("drop_query", data.view(), 1, options);
  EXPECT_EQ(picked.indices[0], data.unlabeled[3]);
}

/// Three groups of directions, of 30, 20 and 10 rows; lengths do not count.
SyntheticPool groups() {
  SyntheticPool data(60, 3, 3, 0);
  Generator generator(1);
  for (std::size_t i = 0; i < 60; ++i) {
    const std::size_t group = i < 30 ? 0 : i < 50 ? 1 : 2;
    const double length = 1 + 9 * generator.uniform();
    for (std::size_t d = 0; d < 3; ++d) {
      data.embeddings(i, d) =
          static_cast<float>(length * ((d == group ? 1.0 : 0.0) + 0.02 * generator.normal()));
    }
  }
  return data;
}

TEST(DropQuery, WithoutAModelOneRowOfEachCluster) {
  const SyntheticPool data = groups();
  Pool pool = data.view();
  pool.probabilities = {};
  pool.passes = nullptr;
  const Selection picked = pick("drop_query", pool, 3);
  EXPECT_LT(picked.indices[0], 30u);
  EXPECT_TRUE(picked.indices[1] >= 30 && picked.indices[1] < 50);
  EXPECT_GE(picked.indices[2], 50u);
  EXPECT_EQ(picked.scores, (std::vector<double>{30, 20, 10}));
  EXPECT_THAT(picked.notes[0], testing::HasSubstr("no model"));
}

TEST(DropQuery, ClustersThatStayEmptyAreMadeUpFor) {
  SyntheticPool data(40, 3, 3, 0);
  for (std::size_t i = 0; i < 40; ++i) {
    for (std::size_t d = 0; d < 3; ++d) data.embeddings(i, d) = d == i % 2 ? 1.0f : 0.0f;
  }
  Pool pool = data.view();
  pool.probabilities = {};
  pool.passes = nullptr;
  const Selection picked = pick("drop_query", pool, 10);
  EXPECT_EQ(std::set<Index>(picked.indices.begin(), picked.indices.end()).size(), 10u);
}

TEST(Tcm, IsTypiclustThenMargin) {
  const SyntheticPool data(300, 6, 3, 30);
  StrategyOptions options;
  options.values.set("labels_per_class", 10.0);  // 30 labels for 3 classes: enough
  const Selection later = pick("tcm", data.view(), 12, options);
  EXPECT_EQ(later.indices, pick("margin", data.view(), 12).indices);
  EXPECT_THAT(later.notes[0], testing::HasSubstr("30 labels, at least 30: picked by margin"));
  options.values.set("labels_per_class", 10.5);
  const Selection early = pick("tcm", data.view(), 12, options);
  EXPECT_EQ(early.indices, pick("typiclust", data.view(), 12).indices);
  Pool pool = data.view();
  pool.probabilities = {};
  pool.passes = nullptr;
  EXPECT_THAT(pick("tcm", pool, 12).notes[0], testing::HasSubstr("no probabilities"));
}

}  // namespace
}  // namespace goldpan
