#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "distributed/shards_of_pool.hpp"
#include "expect_error.hpp"

namespace goldpan {
namespace {

/// Whatever dies and whenever the coordinator starts again, the picks stay.
TEST(Faults, ChangeNoPick) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const SyntheticPool data(3000, 16, 4, seed % 2 == 0 ? 40 : 0, seed);
    const std::vector<PoolShard> shards = cut(data, {700, 701, 1900, 3000}, seed == 1);
    Workers workers(2);
    for (const char* strategy : {"k_center", "badge", "hybrid", "random", "entropy"}) {
      const Selection expected = select_in_rounds(strategy, shards, 250, Generator(seed), workers);
      Generator dice = Generator(seed).stream("dice");
      int kills = 0, restarts = 0;
      const Faults faults{[&] { return dice.below(4) == 0 && ++kills > 0; },
                          [&] { return dice.below(6) == 0 && ++restarts > 0; }};
      const Selection got =
          select_in_rounds(strategy, shards, 250, Generator(seed), workers, faults);
      EXPECT_EQ(got.indices, expected.indices)
          << strategy << " after " << kills << " and " << restarts;
      EXPECT_EQ(got.scores, expected.scores) << strategy;
      EXPECT_EQ(got.notes, expected.notes) << strategy;
    }
  }
}

TEST(Faults, ACheckpointOfOtherArgumentsIsRefused) {
  const SyntheticPool data(300, 8, 3, 20);
  Workers workers(1);
  Merger merger("k_center", 2, 10, Generator(1), workers);
  const auto shards = cut(data, {100, 300});
  std::vector<Proposer> proposers;
  for (const PoolShard& shard : shards) {
    proposers.emplace_back("k_center", shard.view(), shard.first_row(), workers);
  }
  for (int round = 0; round < 2; ++round) {
    std::vector<std::string> answers;
    for (std::size_t s = 0; s < 2; ++s) answers.push_back(proposers[s].propose(merger.request(s)));
    merger.merge(answers);
  }
  const std::string checkpoint = merger.checkpoint();
  const auto restore = [&](const char* strategy, std::size_t count, std::size_t batch,
                           std::uint64_t seed, const std::string& bytes) {
    Merger other(strategy, count, batch, Generator(seed), workers);
    other.restore(bytes);
  };
  restore("k_center", 2, 10, 1, checkpoint);
  expect_error([&] { restore("badge", 2, 10, 1, checkpoint); }, "another strategy");
  expect_error([&] { restore("k_center", 2, 11, 1, checkpoint); }, "another batch");
  expect_error([&] { restore("k_center", 2, 10, 2, checkpoint); }, "another seed");
  expect_error([&] { restore("k_center", 3, 10, 1, checkpoint); }, "another number of shards");
  expect_error([&] { restore("k_center", 2, 10, 1, checkpoint.substr(0, checkpoint.size() - 1)); },
               "ends too early");
  expect_error([&] { restore("k_center", 2, 10, 1, "something else entirely, a text file"); },
               "checkpoint");
}

/// Every prefix of a request and of an answer is refused, and so is what follows a whole one.
TEST(Faults, ATornMessageIsAnError) {
  const SyntheticPool data(300, 8, 3, 20);
  Workers workers(1);
  const auto shards = cut(data, {300});
  for (const char* strategy : {"k_center", "badge", "hybrid", "random", "entropy"}) {
    Merger merger(strategy, 1, 10, Generator(1), workers);
    Proposer proposer(strategy, shards[0].view(), 0, workers);
    for (int round = 0; round < 2 && !merger.done(); ++round) {
      const std::string request = merger.request(0);
      const std::string answer = proposer.propose(request);
      const auto refused = [&](const auto& action) {
        try {
          action();
          return false;
        } catch (const Error&) {
          return true;
        }
      };
      for (std::size_t cut_at = 0; cut_at < request.size(); ++cut_at) {
        Proposer other(strategy, shards[0].view(), 0, workers);
        EXPECT_TRUE(refused([&] { other.propose(request.substr(0, cut_at)); })) << strategy;
      }
      EXPECT_TRUE(refused([&] { proposer.propose(request + "x"); })) << strategy;
      const std::string state = merger.checkpoint();
      merger.merge(std::vector<std::string>{answer});
    }
  }
}

TEST(Faults, ANumberThatIsNotFiniteNamesItsShard) {
  SyntheticPool data(300, 8, 3, 20);
  data.embeddings(123, 4) = std::numeric_limits<float>::quiet_NaN();
  const EmbeddingsPiece piece{0, data.embeddings.data(), "shards/731.npy"};
  Pool pool = data.view();
  pool.embeddings = Embeddings({&piece, 1}, 300, 8, false);
  Workers workers(1);
  expect_error([&] { const Proposer proposer("k_center", pool, 0, workers); },
               "row 123 of shards/731.npy holds a NaN");
}

}  // namespace
}  // namespace goldpan
