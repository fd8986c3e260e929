#include <limits>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/strategies/deduplicate.hpp>

#include "distributed/shards_of_pool.hpp"
#include "expect_error.hpp"

namespace goldpan {
namespace {

/// A pool in which every third row is nearly another one, anywhere before it.
SyntheticPool with_twins(std::size_t rows, std::size_t dims, std::uint64_t seed) {
  SyntheticPool data(rows, dims, 4, 0, seed);
  Generator generator = Generator(seed).stream("twins");
  for (std::size_t row = 3; row < rows; row += 3) {
    const std::size_t of = generator.below(row);
    for (std::size_t d = 0; d < dims; ++d) {
      data.embeddings(row, d) =
          data.embeddings(of, d) + 0.1f * static_cast<float>(generator.normal());
    }
  }
  for (std::size_t d = 0; d < dims; ++d) data.embeddings(rows / 2, d) = 0;  // similar to nothing
  return data;
}

Duplicates in_rounds(const std::vector<PoolShard>& shards, double cosine, Workers& workers,
                     std::size_t handful, const Faults& faults = {}) {
  StrategyOptions options;
  options.values.set("cosine", cosine).set("handful", handful);
  std::optional<Merger> merger;
  run_rounds("dedup", shards, 0, Generator(0), workers, options, faults, merger);
  EXPECT_EQ(merger->picked(), merger->duplicates().kept_row_of.size());
  return merger->duplicates();
}

TEST(DedupRounds, KeepWhatOneMachineKeepsHoweverThePoolIsCut) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const bool half = seed % 2 == 1;
    // Wide rows are compared by integers first, narrow ones are not.
    const SyntheticPool data = with_twins(3000, seed < 3 ? 8 : 96, seed);
    const std::vector<PoolShard> whole = cut(data, {3000}, half);
    Workers workers(static_cast<int>(1 + seed % 3));
    for (const double cosine : {0.9, 0.98, 1.0}) {
      const Duplicates expected = deduplicate(whole[0].view().embeddings, cosine, workers);
      Generator cuts = Generator(seed).stream("cuts");
      const Duplicates got = in_rounds(cut(data, random_ends(3000, 1 + seed, cuts), half), cosine,
                                       workers, seed < 3 ? 100 : 16384);
      EXPECT_EQ(got.kept, expected.kept) << seed << " at " << cosine;
      EXPECT_EQ(got.kept_row_of, expected.kept_row_of) << seed << " at " << cosine;
      if (cosine < 0.99) {
        EXPECT_LT(got.kept.size(), 2800u);
      }
    }
  }
}

// Many more rows are kept than go in one message, so that proposers that die lag behind by several.
TEST(DedupRounds, KeepTheSameWhateverDies) {
  const SyntheticPool data = with_twins(2000, 6, 3);
  const std::vector<PoolShard> shards = cut(data, {50, 1000, 1000, 1500, 2000});
  Workers workers(2);
  const double cosine = 0.999;
  const Duplicates expected = deduplicate(data.embeddings, cosine, workers);
  ASSERT_GT(expected.kept.size(), 1200u);
  int kills = 0, restarts = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    Generator dice = Generator(seed).stream("dice");
    const Faults faults{[&] { return dice.below(30) == 0 && ++kills > 0; },
                        [&] { return dice.below(40) == 0 && ++restarts > 0; }};
    const Duplicates got = in_rounds(shards, cosine, workers, 400, faults);
    EXPECT_EQ(got.kept, expected.kept) << kills << " and " << restarts;
    EXPECT_EQ(got.kept_row_of, expected.kept_row_of) << kills << " and " << restarts;
  }
  EXPECT_GT(kills, 3);
  EXPECT_GT(restarts, 0);
}

TEST(DedupRounds, IsNoStrategyAndTakesOnlyItsOption) {
  Workers workers(1);
  EXPECT_FALSE(has_rounds("dedup"));
  StrategyOptions options;
  options.values.set("cosine", 1.5);
  expect_error([&] { const Merger merger("dedup", 1, 0, Generator(0), workers, options); },
               "cosine");
  SyntheticPool data(50, 4, 2, 0);
  data.embeddings(7, 1) = std::numeric_limits<float>::infinity();
  const std::vector<PoolShard> shards = cut(data, {50});
  expect_error([&] { const Proposer proposer("dedup", shards[0].view(), 0, workers); }, "row 7");
}

}  // namespace
}  // namespace goldpan
