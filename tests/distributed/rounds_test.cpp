#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "distributed/shards_of_pool.hpp"
#include "expect_error.hpp"

namespace goldpan {
namespace {

const std::vector<std::string> kStrategies = {
    "random", "k_center", "badge", "hybrid", "entropy", "margin", "least_confidence", "bald"};

/// Holds the rounds against one machine, pick for pick and score for score.
void expect_picks_of_one_machine(const SyntheticPool& data, const std::string& strategy,
                                 std::size_t batch, std::size_t shard_count, int threads,
                                 std::uint64_t seed, bool half) {
  Workers workers(threads);
  const std::vector<PoolShard> whole = cut(data, {data.embeddings.rows()}, half);
  Generator one_machine = Generator(seed).stream("picks");
  const Selection expected = select(strategy, whole[0].view(), batch, one_machine, workers);

  Generator cuts = Generator(seed).stream("cuts");
  const std::vector<std::size_t> ends = random_ends(data.embeddings.rows(), shard_count, cuts);
  const Selection got = select_in_rounds(strategy, cut(data, ends, half), batch,
                                         Generator(seed).stream("picks"), workers);
  std::string where = strategy + ", " + std::to_string(batch) + " picks, shards end at";
  for (const std::size_t end : ends) where += " " + std::to_string(end);
  ASSERT_EQ(got.indices, expected.indices) << where;
  ASSERT_EQ(got.scores, expected.scores) << where;
  EXPECT_EQ(got.notes, expected.notes) << where;
}

TEST(Rounds, PickWhatOneMachinePicksHoweverThePoolIsCut) {
  const int threads[] = {1, 2, 4};
  for (std::uint64_t seed = 0; seed < 7; ++seed) {
    const SyntheticPool data(2500, 24, 5, seed % 2 == 0 ? 60 : 0, seed);
    for (const std::string& strategy : kStrategies) {
      for (const std::size_t batch : {std::size_t{1}, std::size_t{150}}) {
        expect_picks_of_one_machine(data, strategy, batch, 1 + seed, threads[seed % 3], seed,
                                    seed % 3 == 1);
      }
    }
  }
}

TEST(Rounds, PickWhatOneMachinePicksOfTwinsAndToTheLastRow) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    SyntheticPool data(700, 8, 3, seed % 2 == 0 ? 20 : 0, seed);
    for (std::size_t row = 200; row < 700; ++row) {  // each of 50 rows eleven times
      std::ranges::copy(data.embeddings.row(row % 50), data.embeddings.row(row).begin());
      std::ranges::copy(data.probabilities.row(row % 50), data.probabilities.row(row).begin());
    }
    for (const std::string& strategy : kStrategies) {
      for (const std::size_t batch : {std::size_t{300}, data.unlabeled.size()}) {
        expect_picks_of_one_machine(data, strategy, batch, 2 + seed, 2, seed, false);
      }
    }
  }
}

// The mean that a cold k-center starts from is summed in blocks of 8,192 rows: as many as shards
// that begin and end within one, at its edges and across several.
TEST(Rounds, AColdKCenterStartsAtTheMeanOfTheWholePool) {
  const SyntheticPool data(30000, 3, 2, 0, 5);
  Workers workers(2);
  Generator unused(0);
  const Selection expected = select("k_center", data.view(), 5, unused, workers);
  const std::vector<std::vector<std::size_t>> cuts = {{30000},
                                                      {8192, 30000},
                                                      {100, 200, 8191, 8193, 30000},
                                                      {8192, 16384, 24576, 30000},
                                                      {20000, 20000, 29000, 29999, 30000}};
  for (const std::vector<std::size_t>& ends : cuts) {
    const Selection got = select_in_rounds("k_center", cut(data, ends), 5, Generator(0), workers);
    EXPECT_EQ(got.indices, expected.indices);
    EXPECT_EQ(got.scores, expected.scores);
  }
}

TEST(Rounds, KCenterNeedsFewRoundsAndBytes) {
  const SyntheticPool data(6000, 16, 4, 50);
  Workers workers(2);
  RoundsCost cost;
  select_in_rounds("k_center", cut(data, {2000, 4000, 6000}), 400, Generator(0), workers, {},
                   &cost);
  EXPECT_LT(cost.rounds, 100u);
  EXPECT_LT(cost.bytes_received, data.embeddings.size() * sizeof(float));
}

TEST(Rounds, NothingIsPickedFromNothing) {
  const SyntheticPool data(100, 4, 2, 10);
  Workers workers(1);
  for (const std::string& strategy : kStrategies) {
    EXPECT_TRUE(
        select_in_rounds(strategy, cut(data, {50, 100}), 0, Generator(0), workers).indices.empty());
  }
}

TEST(Rounds, RefuseShardsThatDoNotFitTogether) {
  const SyntheticPool data(100, 4, 2, 10), wide(100, 5, 2, 10);
  Workers workers(1);
  std::vector<PoolShard> shards = cut(data, {50, 100});
  const auto pick = [&](std::size_t batch) {
    return select_in_rounds("k_center", shards, batch, Generator(0), workers);
  };
  expect_error([&] { pick(91); }, "got 91, expected at most the 90 unlabelled rows");
  shards[1] = PoolShard(wide, 50, 100, false);
  expect_error([&] { pick(5); }, "[shard 1] has 5 columns of float32 embeddings, expected 4");
  shards[1] = PoolShard(data, 50, 100, true);
  expect_error([&] { pick(5); },
               "[shard 1] has 4 columns of float16 embeddings, expected 4 columns of float32");
  shards[1] = PoolShard(data, 60, 100, false);
  expect_error([&] { pick(5); }, "[shard 1] begins at row 60, expected 50");
}

TEST(Rounds, RefuseStrategiesThatNeedThePoolInOnePlace) {
  Workers workers(1);
  EXPECT_FALSE(has_rounds("typiclust"));
  for (const std::string& strategy : kStrategies) EXPECT_TRUE(has_rounds(strategy));
  expect_error([&] { const Merger merger("typiclust", 1, 1, Generator(0), workers); },
               "one of: random, k_center");
  expect_error([&] { const Merger merger("nonsense", 1, 1, Generator(0), workers); }, "nonsense");
  expect_error([&] { const Merger merger("random", 0, 1, Generator(0), workers); }, "at least one");
}

TEST(Rounds, ADealIsEvenAndDependsOnNameAndSeedAlone) {
  std::vector<std::size_t> counts(8), others(8);
  std::size_t moved = 0;
  for (int i = 0; i < 8000; ++i) {
    const std::string id = "frame " + std::to_string(i);
    const std::size_t shard = deal(id, 8, 1);
    EXPECT_EQ(shard, deal(id, 8, 1));
    ++counts[shard];
    moved += deal(id, 8, 2) != shard ? 1 : 0;
  }
  for (const std::size_t count : counts) {  // 1,000 expected, standard deviation 30
    EXPECT_GT(count, 850u);
    EXPECT_LT(count, 1150u);
  }
  EXPECT_GT(moved, 6500u);
}

}  // namespace
}  // namespace goldpan
