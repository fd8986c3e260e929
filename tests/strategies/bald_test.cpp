#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "reference/uncertainty.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Selection pick(std::string_view strategy, const Pool& pool, std::size_t batch,
               std::uint64_t seed = 0) {
  Generator generator(seed);
  Workers workers(2);
  return select(strategy, pool, batch, generator, workers);
}

/// Three rows, two passes, two classes: passes that agree and are unsure, that disagree for sure,
/// that disagree a little.
struct HandMade {
  OwnedPasses passes{{0.5f, 0.5f, 0.5f, 0.5f,  //
                      1.0f, 0.0f, 0.0f, 1.0f,  //
                      0.6f, 0.4f, 0.4f, 0.6f},
                     2,
                     2};
  std::vector<Index> rows = {0, 1, 2};
  Pool view() const {
    Pool pool;
    pool.passes = &passes;
    pool.unlabeled = rows;
    return pool;
  }
};

TEST(Bald, PicksDisagreementNotUncertainty) {
  const HandMade data;
  const Selection picked = pick("bald", data.view(), 3);
  EXPECT_EQ(picked.indices, (std::vector<Index>{1, 2, 0}));
  EXPECT_NEAR(picked.scores[0], std::log(2.0), 1e-7);
  EXPECT_NEAR(picked.scores[1], std::log(2.0) + 0.6 * std::log(0.6) + 0.4 * std::log(0.4), 1e-7);
  EXPECT_EQ(picked.scores[2], 0.0);
}

TEST(Bald, MatchesTheDefinition) {
  for (const std::size_t classes : {2, 3, 40}) {
    const SyntheticPool data(3000, 2, classes, 300, 1, 20);
    const Selection picked = pick("bald", data.view(), 200);
    std::vector<double> scores;
    std::vector<float> row(20 * classes);
    for (const Index index : data.unlabeled) {
      data.passes.probabilities(std::span(&index, 1), row);
      scores.push_back(reference::mutual_information(row, classes));
    }
    std::vector<double> sorted = scores;
    std::sort(sorted.rbegin(), sorted.rend());
    for (std::size_t i = 0; i < 200; ++i) {
      const auto at =
          std::lower_bound(data.unlabeled.begin(), data.unlabeled.end(), picked.indices[i]) -
          data.unlabeled.begin();
      EXPECT_NEAR(picked.scores[i], sorted[i], 1e-6);
      EXPECT_NEAR(picked.scores[i], scores[static_cast<std::size_t>(at)], 1e-6);
    }
  }
}

TEST(Bald, OnePassHasNothingToDisagreeWith) {
  const SyntheticPool data(50, 2, 4, 10, 2, 1);
  const Selection picked = pick("bald", data.view(), 5);
  for (const double score : picked.scores) EXPECT_NEAR(score, 0.0, 1e-7);
}

TEST(PowerBald, RowsWithoutInformationComeLastInOrder) {
  OwnedPasses passes({0.5f, 0.5f, 0.5f, 0.5f,  //
                      0.5f, 0.5f, 0.5f, 0.5f,  //
                      1.0f, 0.0f, 0.0f, 1.0f},
                     2, 2);
  const std::vector<Index> rows = {0, 1, 2};
  Pool pool;
  pool.passes = &passes;
  pool.unlabeled = rows;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(pick("power_bald", pool, 3, seed).indices, (std::vector<Index>{2, 0, 1}));
  }
}

// Adding Gumbel noise to ln(score) and taking the largest draws in proportion to the score.
TEST(PowerBald, TheFirstPickIsDrawnInProportionToTheScore) {
  const HandMade data;
  const Selection exact = pick("bald", data.view(), 2);
  const double share = exact.scores[1] / (exact.scores[0] + exact.scores[1]);
  int picked_two = 0;
  constexpr int kDraws = 4000;
  for (int seed = 0; seed < kDraws; ++seed) {
    picked_two +=
        pick("power_bald", data.view(), 1, static_cast<std::uint64_t>(seed)).indices[0] == 2;
  }
  EXPECT_NEAR(picked_two, kDraws * share, 4 * std::sqrt(kDraws * share * (1 - share)));
}

TEST(PowerBald, TheNoiseOfARowDoesNotDependOnTheOthers) {
  const HandMade data;
  Pool pool = data.view();
  const Selection all = pick("power_bald", pool, 3, 7);
  const std::vector<Index> two = {1, 2};
  pool.unlabeled = two;
  const Selection fewer = pick("power_bald", pool, 2, 7);
  EXPECT_EQ(fewer.scores[0], all.scores[0]);
  EXPECT_EQ(fewer.scores[1], all.scores[1]);
}

}  // namespace
}  // namespace goldpan
