#include "session/split.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "expect_error.hpp"

namespace goldpan {
namespace {

/// `sizes[c]` items of class c, one after the other.
Dataset dataset_of(const std::vector<std::size_t>& sizes) {
  Dataset dataset;
  dataset.spec = "test";
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    dataset.targets.class_names.push_back(std::to_string(c));
    for (std::size_t i = 0; i < sizes[c]; ++i) {
      dataset.items.ids.push_back(std::to_string(c) + "/" + std::to_string(i));
    }
    dataset.targets.labels.insert(dataset.targets.labels.end(), sizes[c],
                                  static_cast<std::int32_t>(c));
  }
  return dataset;
}

std::vector<std::size_t> counts(const Dataset& dataset, const std::vector<Index>& items) {
  std::vector<std::size_t> counts(dataset.targets.class_names.size());
  for (const Index item : items) ++counts[static_cast<std::size_t>(dataset.targets.labels[item])];
  return counts;
}

TEST(HoldOut, TakesItsShareOfEveryClassAndLosesNothing) {
  const Dataset dataset = dataset_of({1000, 100, 10, 5, 1, 0});
  const PoolAndTest parts = hold_out(dataset, *make_classification(), 0.2, 0);
  EXPECT_EQ(counts(dataset, parts.test), (std::vector<std::size_t>{200, 20, 2, 1, 0, 0}));
  EXPECT_EQ(counts(dataset, parts.pool), (std::vector<std::size_t>{800, 80, 8, 4, 1, 0}));
  std::vector<Index> all = parts.pool;
  all.insert(all.end(), parts.test.begin(), parts.test.end());
  std::ranges::sort(all);
  for (Index i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], i);
  EXPECT_TRUE(std::ranges::is_sorted(parts.pool));
}

TEST(HoldOut, DependsOnTheSeedAlone) {
  const Dataset dataset = dataset_of({500, 500});
  EXPECT_EQ(hold_out(dataset, *make_classification(), 0.2, 1).test,
            hold_out(dataset, *make_classification(), 0.2, 1).test);
  EXPECT_NE(hold_out(dataset, *make_classification(), 0.2, 1).test,
            hold_out(dataset, *make_classification(), 0.2, 2).test);
}

TEST(HoldOut, NeverSplitsAGroup) {
  Dataset dataset = dataset_of({300, 90, 30});
  for (Index item = 0; item < dataset.size(); ++item) dataset.items.groups.push_back(item / 30);
  const PoolAndTest parts = hold_out(dataset, *make_classification(), 0.2, 3);
  std::set<std::uint32_t> pool_groups, test_groups;
  for (const Index item : parts.pool) pool_groups.insert(dataset.items.groups[item]);
  for (const Index item : parts.test) test_groups.insert(dataset.items.groups[item]);
  for (const std::uint32_t group : test_groups) EXPECT_FALSE(pool_groups.contains(group));
  // Whole tracks: 60 of 300 are two; 18 of 90 ask for one; the only track of the last class stays
  // in the pool.
  EXPECT_EQ(counts(dataset, parts.test), (std::vector<std::size_t>{60, 30, 0}));
}

TEST(HoldOut, SurvivesAGroupThatSpansClasses) {
  Dataset dataset = dataset_of({4, 4});
  dataset.items.groups = {0, 1, 2, 3, 3, 4, 5, 6};
  const PoolAndTest parts = hold_out(dataset, *make_classification(), 0.5, 1);
  EXPECT_EQ(parts.pool.size() + parts.test.size(), 8u);
  const auto in_test = [&](Index item) { return std::ranges::count(parts.test, item) == 1; };
  EXPECT_EQ(in_test(3), in_test(4));
}

TEST(HoldOut, RefusesWhatCannotBeSplit) {
  expect_error(
      [] {
        hold_out(dataset_of({1, 1}), *make_classification(), 0.2, 0);
      },
      "too small to hold out");
}

TEST(OfficialSplit, IsTheShippedOneOrAnError) {
  Dataset dataset = dataset_of({2, 1});
  expect_error([&] { official_split(dataset); }, "ships no test split");
  dataset.items.splits = {Split::kTrain, Split::kTest, Split::kTrain};
  EXPECT_EQ(official_split(dataset).pool, (std::vector<Index>{0, 2}));
  EXPECT_EQ(official_split(dataset).test, (std::vector<Index>{1}));
}

}  // namespace
}  // namespace goldpan
