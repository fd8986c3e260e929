#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> notes(const std::string& strategy, const Pool& pool) {
  Generator generator(1);
  Workers workers(1);
  return select(strategy, pool, 5, generator, workers).notes;
}

TEST(Silence, NothingIsSaidOfAPoolThatSpeaks) {
  const SyntheticPool data(200, 6, 3, 20);
  for (const char* strategy : {"entropy", "k_center", "bald", "badge"}) {
    EXPECT_THAT(notes(strategy, data.view()), IsEmpty()) << strategy;
  }
}

TEST(Silence, ConstantEmbeddings) {
  SyntheticPool data(60, 4, 3, 10);
  std::fill_n(data.embeddings.data(), data.embeddings.size(), 2.5f);
  EXPECT_THAT(notes("k_center", data.view()), Contains(HasSubstr("all 60 embeddings are equal")));
  data.embeddings(59, 3) = 2;
  EXPECT_THAT(notes("k_center", data.view()), Not(Contains(HasSubstr("are equal"))));
}

TEST(Silence, PassesThatNeverDiffer) {
  const SyntheticPool data(60, 4, 3, 10);
  std::vector<float> values;
  for (std::size_t k = 0; k < 4; ++k) {
    values.insert(values.end(), data.probabilities.data(),
                  data.probabilities.data() + data.probabilities.size());
  }
  const StoredPasses equal(values, 4, 60, 3);
  Pool pool = data.view();
  pool.passes = &equal;
  EXPECT_THAT(notes("bald", pool), Contains(HasSubstr("4 stochastic passes are all equal")));
}

TEST(Silence, ScoresThatAreAllEqual) {
  SyntheticPool data(60, 4, 3, 10);
  std::fill_n(data.probabilities.data(), data.probabilities.size(), 1.0f / 3);
  EXPECT_THAT(notes("entropy", data.view()), Contains(HasSubstr("5 picks all score 1.099")));
}

TEST(Silence, SaysHowPassesWereRead) {
  const SyntheticPool data(6, 4, 3, 1);
  std::vector<float> values(60 * 6 * 3, 1.0f / 3);
  const StoredPasses swapped(values, 60, 6, 3);
  Pool pool = data.view();
  pool.passes = &swapped;
  EXPECT_THAT(notes("bald", pool),
              Contains(HasSubstr("read as 60 passes over 6 rows of 3 classes")));
}

TEST(ScoreMeaning, ScoresPointWhereTheTableSays) {
  const SyntheticPool data(200, 6, 3, 20);
  for (const StrategyInfo& info : strategies()) {
    EXPECT_FALSE(info.score.empty()) << info.name;
    // Where each row has a score of its own, the picks come in that order.
    if (info.needs.embeddings || info.needs.features || info.uniform) continue;
    Generator generator(4);
    Workers workers(1);
    const auto scores = select(info.name, data.view(), 50, generator, workers).scores;
    if (info.score.find("small") != std::string_view::npos) {
      EXPECT_TRUE(std::ranges::is_sorted(scores)) << info.name << ": " << info.score;
    } else {
      EXPECT_TRUE(std::ranges::is_sorted(scores, std::greater<>()))
          << info.name << ": " << info.score;
    }
  }
}

}  // namespace
}  // namespace goldpan
