#include <algorithm>
#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/acquire/mine.hpp>

#include "expect_error.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// 300 rows in two clouds: the slice is the third of them that lies around (4, 0, 0, 0).
struct SlicedPool {
  SlicedPool() : made(300, 4, 3, 60, 7) {
    Generator generator(11);
    for (Index row = 0; row < 300; ++row) {
      in_slice.push_back(row % 3 == 0);
      for (std::size_t d = 0; d < 4; ++d) {
        made.embeddings(row, d) = static_cast<float>(generator.normal());
      }
      if (in_slice[row]) made.embeddings(row, 0) += 4;
    }
    for (const Index row : made.labeled)
      (in_slice[row] ? slice.inside : slice.outside).push_back(row);
    slice.failures = {slice.inside[0], slice.inside[2]};
  }

  std::size_t inside(const Selection& picks) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(picks.indices, [&](Index row) { return in_slice[row]; }));
  }

  SyntheticPool made;
  std::vector<bool> in_slice;
  KnownSlice slice;
};

TEST(SliceMembership, KnownRowsAreKnownAndOthersAreJudged) {
  const SlicedPool data;
  Workers workers(2);
  const auto membership = slice_membership(data.made.embeddings, data.slice, workers);
  ASSERT_EQ(membership.size(), 300u);
  for (const Index row : data.slice.inside) EXPECT_EQ(membership[row], 1);
  for (const Index row : data.slice.outside) EXPECT_EQ(membership[row], 0);
  std::size_t right = 0;
  for (const Index row : data.made.unlabeled) {
    EXPECT_GT(membership[row], 0);
    EXPECT_LT(membership[row], 1);
    right += (membership[row] > 0.5) == data.in_slice[row] ? 1 : 0;
  }
  EXPECT_GT(right, data.made.unlabeled.size() * 9 / 10);
}

TEST(SliceMembership, OneSideAlone) {
  const SlicedPool data;
  Workers workers(1);
  KnownSlice slice;
  EXPECT_EQ(slice_membership(data.made.embeddings, slice, workers)[7], 0);
  slice.inside = {3};
  EXPECT_EQ(slice_membership(data.made.embeddings, slice, workers)[7], 1);
  slice.outside = {3};
  expect_error([&] { slice_membership(data.made.embeddings, slice, workers); }, "got row 3 twice");
  slice.outside = {300};
  expect_error([&] { slice_membership(data.made.embeddings, slice, workers); }, "got row 300");
}

TEST(LetThrough, ThoseAboveOneHalfOrTwiceTheBatch) {
  const std::vector<double> membership = {0.9, 0.2, 0.4, 0.5, 0.4, 0.1};
  const std::vector<Index> unlabeled = {0, 1, 2, 3, 4, 5};
  EXPECT_THAT(let_through(membership, unlabeled, 1), ElementsAre(0, 3));
  EXPECT_THAT(let_through(membership, unlabeled, 2), ElementsAre(0, 2, 3, 4));
  EXPECT_THAT(let_through(membership, std::vector<Index>{1, 5}, 2), ElementsAre(1, 5));
}

TEST(Mine, EveryMinerFindsTheSliceAndThreadsChangeNothing) {
  const SlicedPool data;
  for (const MinerInfo& miner : miners()) {
    SCOPED_TRACE(miner.strategy.name);
    EXPECT_EQ(find_miner(miner.strategy.name), &miner);
    std::vector<Selection> found;
    for (const int threads : {1, 3}) {
      Workers workers(threads);
      Generator generator(5);
      found.push_back(
          mine(miner.strategy.name, data.made.view(), data.slice, 20, {}, generator, workers));
    }
    EXPECT_EQ(found[0].indices, found[1].indices);
    EXPECT_EQ(found[0].scores, found[1].scores);
    EXPECT_EQ(std::set<Index>(found[0].indices.begin(), found[0].indices.end()).size(), 20u);
    for (const Index row : found[0].indices) {
      EXPECT_TRUE(std::ranges::binary_search(data.made.unlabeled, row));
    }
    EXPECT_GE(data.inside(found[0]), 17u) << "a third of the pool is in the slice";
  }
}

TEST(Mine, DistanceIsThatToTheFailures) {
  SlicedPool data;
  Workers workers(2);
  Generator generator(1);
  const Selection picks =
      mine("mine_distance", data.made.view(), data.slice, 9, {}, generator, workers);
  EXPECT_EQ(picks.indices,
            mine_by_distance(data.made.view(), data.slice.failures, 9, {}, workers).indices);
  EXPECT_TRUE(picks.notes.empty());
  data.slice.negatives = {data.slice.outside[0]};
  MineOptions options;
  options.negatives = data.slice.negatives;
  EXPECT_EQ(mine("mine_distance", data.made.view(), data.slice, 9, {}, generator, workers).indices,
            mine_by_distance(data.made.view(), data.slice.failures, 9, options, workers).indices);
}

TEST(Mine, WithoutFailuresTheSliceStandsForThem) {
  SlicedPool data;
  data.slice.failures.clear();
  Workers workers(2);
  Generator generator(1);
  const Selection picks =
      mine("mine_distance", data.made.view(), data.slice, 9, {}, generator, workers);
  EXPECT_EQ(picks.indices,
            mine_by_distance(data.made.view(), data.slice.inside, 9, {}, workers).indices);
  ASSERT_EQ(picks.notes.size(), 1u);
  EXPECT_THAT(picks.notes[0], HasSubstr("all of them stand for failures"));
}

TEST(Mine, WithNothingInsideItIsRandomAndSaysSo) {
  SlicedPool data;
  data.slice = {};
  Workers workers(2);
  for (const MinerInfo& miner : miners()) {
    Generator generator(1), same(1);
    const Selection picks =
        mine(miner.strategy.name, data.made.view(), data.slice, 9, {}, generator, workers);
    EXPECT_EQ(picks.indices, select("random", data.made.view(), 9, same, workers).indices);
    EXPECT_THAT(picks.notes.back(), HasSubstr("picks at random"));
  }
  Generator generator(1);
  expect_error([&] { mine("badge", data.made.view(), data.slice, 9, {}, generator, workers); },
               "got 'badge', expected one of: mine_distance, mine_herding, mine_badge");
}

}  // namespace
}  // namespace goldpan
