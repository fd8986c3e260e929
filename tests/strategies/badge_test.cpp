#include "reference/badge.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "strategies/gradient_embedding.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Selection badge(const Pool& pool, std::size_t batch, std::uint64_t seed = 0) {
  Generator generator(seed);
  Workers workers(2);
  return select("badge", pool, batch, generator, workers);
}

std::vector<std::vector<double>> gradients(const SyntheticPool& data) {
  std::vector<std::vector<double>> g;
  for (std::size_t i = 0; i < data.embeddings.rows(); ++i) {
    g.push_back(reference::gradient_embedding(data.probabilities.row(i), data.embeddings.row(i)));
  }
  return g;
}

TEST(Badge, FactorisedDistancesAreThoseOfTheWrittenOutGradients) {
  const SyntheticPool data(90, 17, 5, 0);
  const auto g = gradients(data);
  GradientRows rows(90, 17, 5);
  std::vector<float> norms(90);
  squared_gradient_norms(data.view(), data.unlabeled, norms);
  read_gradients(data.view(), data.unlabeled, norms, rows);
  Matrix<float> squared(90, 60);
  std::vector<float> room;
  squared_distances(rows, rows, 30, squared, room);
  for (std::size_t i = 0; i < 90; ++i) {
    for (std::size_t c = 0; c < 60; ++c) {
      const double direct = reference::squared_distance(g[i], g[30 + c]);
      EXPECT_NEAR(squared(i, c), direct, 1e-4 * direct) << i << " " << c;
    }
    if (i >= 30) {
      EXPECT_EQ(squared(i, i - 30), 0.0f) << i;
    }
  }
}

TEST(Badge, BeginsWithTheLongestGradient) {
  const SyntheticPool data(200, 6, 3, 20);
  const auto g = gradients(data);
  const std::vector<double> zero(g[0].size());
  const Index longest = *std::ranges::max_element(
      data.unlabeled, {}, [&](Index row) { return reference::squared_distance(g[row], zero); });
  const Selection picks = badge(data.view(), 3);
  EXPECT_EQ(picks.indices[0], longest);
  EXPECT_NEAR(picks.scores[0], std::sqrt(reference::squared_distance(g[longest], zero)), 1e-3);
}

TEST(Badge, ScoresAreDistancesToTheNearestEarlierPick) {
  const SyntheticPool data(300, 6, 3, 20);
  const auto g = gradients(data);
  const Selection picks = badge(data.view(), 60);
  for (std::size_t i = 1; i < 60; ++i) {
    double nearest = 1e30;
    for (std::size_t j = 0; j < i; ++j) {
      nearest =
          std::min(nearest, reference::squared_distance(g[picks.indices[i]], g[picks.indices[j]]));
    }
    EXPECT_NEAR(picks.scores[i], std::sqrt(nearest), 1e-3) << i;
  }
}

/// Two-sample chi-square over which row comes second, third, ... in many runs.
TEST(Badge, IsDistributedAsTheDirectAlgorithm) {
  constexpr int kRuns = 20000;
  constexpr std::size_t kBatch = 8;
  const SyntheticPool data(14, 3, 3, 2, 9);
  Workers workers(1);
  std::array<std::map<Index, std::array<double, 2>>, kBatch> counts;
  const Generator seeds(123);
  for (int run = 0; run < kRuns; ++run) {
    Generator fast = seeds.stream("fast").stream(run), slow = seeds.stream("slow").stream(run);
    const auto picks = select("badge", data.view(), kBatch, fast, workers).indices;
    const auto direct =
        reference::badge(data.embeddings, data.probabilities, data.unlabeled, kBatch, slow);
    for (std::size_t i = 0; i < kBatch; ++i) {
      ++counts[i][picks[i]][0];
      ++counts[i][direct[i]][1];
    }
  }
  for (std::size_t i = 1; i < kBatch; ++i) {
    double chi_square = 0;
    for (const auto& [row, count] : counts[i]) {
      chi_square += (count[0] - count[1]) * (count[0] - count[1]) / (count[0] + count[1]);
    }
    // 11 rows are left after the first pick: 10 degrees of freedom, 99.99 % stay below 35.6.
    EXPECT_LT(chi_square, 35.6) << "pick " << i;
  }
}

TEST(Badge, NeverPicksATwinWhileOthersAreLeft) {
  SyntheticPool data(120, 5, 3, 0);
  for (std::size_t i = 0; i < 120; ++i) {
    std::ranges::copy(data.embeddings.row(i % 40), data.embeddings.row(i).begin());
    std::ranges::copy(data.probabilities.row(i % 40), data.probabilities.row(i).begin());
  }
  const Selection picks = badge(data.view(), 40);
  std::set<Index> originals;
  for (const Index row : picks.indices) originals.insert(row % 40);
  EXPECT_EQ(originals.size(), 40u);
  EXPECT_TRUE(picks.notes.empty());
}

TEST(Badge, FillsWithTheLongestThenTheLowestWhenAllWeightsAreZero) {
  SyntheticPool data(9, 1, 2, 0);
  const float lengths[9] = {1, 1, 3, 2, 2, 3, 1, 2, 3};
  for (std::size_t i = 0; i < 9; ++i) {
    data.embeddings(i, 0) = lengths[i];
    data.probabilities(i, 0) = data.probabilities(i, 1) = 0.5f;
  }
  const Selection picks = badge(data.view(), 9);
  EXPECT_EQ(picks.indices[0], 2u);
  EXPECT_EQ(std::vector<Index>(picks.indices.begin() + 3, picks.indices.end()).size(), 6u);
  // After one of each length nothing differs: the other threes, the other twos, the other ones.
  std::vector<double> rest;
  for (std::size_t i = 3; i < 9; ++i) rest.push_back(lengths[picks.indices[i]]);
  EXPECT_EQ(rest, (std::vector<double>{3, 3, 2, 2, 1, 1}));
  EXPECT_LT(picks.indices[3], picks.indices[4]);
  ASSERT_EQ(picks.notes.size(), 1u);
}

// On rendered drives a head grew so sure of itself that all gradients left were denormal: the
// distance of a row to itself underflowed to something above 0, and a handful bought it twice.
TEST(Badge, NeverPicksARowTwiceWhereGradientsUnderflow) {
  SyntheticPool data(300, 8, 3, 0);
  for (std::size_t i = 0; i < 300; ++i) {
    data.probabilities(i, 0) = 1.0f;
    data.probabilities(i, 1) = 1e-23f * static_cast<float>(1 + i % 3);
    data.probabilities(i, 2) = 0.0f;
  }
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Selection picks = badge(data.view(), 250, seed);
    EXPECT_EQ(std::set(picks.indices.begin(), picks.indices.end()).size(), 250u);
  }
}

TEST(Badge, UsesTheFeaturesOfTheHeadWhereThereAreSome) {
  const SyntheticPool data(100, 8, 3, 10), other(100, 5, 3, 10, 77);
  Pool pool = data.view();
  pool.features = other.embeddings;
  pool.embeddings = {};
  Pool swapped = data.view();
  swapped.embeddings = other.embeddings;
  EXPECT_EQ(badge(pool, 20).indices, badge(swapped, 20).indices);
}

/// The drawing of candidates in blocks, the refresh and the stale bounds must not bias the result:
/// the mean potential over seeds is that of the direct algorithm.
TEST(Badge, ReachesThePotentialOfTheDirectAlgorithm) {
  const SyntheticPool data(400, 6, 4, 0);
  const auto g = gradients(data);
  const auto potential = [&](const std::vector<Index>& picks) {
    double sum = 0;
    for (const auto& row : g) {
      double nearest = 1e30;
      for (const Index pick : picks) {
        nearest = std::min(nearest, reference::squared_distance(row, g[pick]));
      }
      sum += nearest;
    }
    return sum;
  };
  double fast = 0, direct = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Generator generator(seed + 1000);
    fast += potential(badge(data.view(), 60, seed).indices);
    direct += potential(
        reference::badge(data.embeddings, data.probabilities, data.unlabeled, 60, generator));
  }
  EXPECT_NEAR(fast / direct, 1.0, 0.03);
}

}  // namespace
}  // namespace goldpan
