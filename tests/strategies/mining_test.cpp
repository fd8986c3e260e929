#include <algorithm>
#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/strategies/mining.hpp>

#include "expect_error.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

using testing::ElementsAre;

Pool line_pool(const Matrix<float>& embeddings, const std::vector<Index>& unlabeled) {
  Pool pool;
  pool.embeddings = embeddings;
  pool.unlabeled = unlabeled;
  return pool;
}

TEST(MineByDistance, ByHand) {
  Matrix<float> embeddings(7, 1);
  for (std::size_t i = 0; i < 7; ++i) embeddings(i, 0) = static_cast<float>(i);
  const std::vector<Index> unlabeled = {1, 2, 3, 4, 6}, failures = {0, 5}, negatives = {3};
  const Pool pool = line_pool(embeddings, unlabeled);
  Workers workers(2);
  EXPECT_THAT(mine_by_distance(pool, failures, 4, {}, workers).indices, ElementsAre(1, 4, 6, 2));
  MineOptions options;
  options.negatives = negatives;
  // Nearest negative minus nearest failure: 1: 2-1, 2: 1-2, 3: 0-2, 4: 1-1, 6: 3-1.
  const Selection picks = mine_by_distance(pool, failures, 5, options, workers);
  EXPECT_THAT(picks.indices, ElementsAre(6, 1, 4, 2, 3));
  EXPECT_DOUBLE_EQ(picks.scores[0], 2);
  expect_error([&] { mine_by_distance(pool, {}, 1, {}, workers); }, "failures] got none");
  const std::vector<Index> beyond = {9};
  expect_error([&] { mine_by_distance(pool, beyond, 1, {}, workers); }, "got row 9");
}

TEST(MineByHerding, EqualsThePlainGreedyAlgorithm) {
  Workers workers(2);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    SyntheticPool made(80, 6, 3, 8, seed);
    const Pool pool = made.view();
    std::vector<Index> targets;
    std::vector<double> weights;
    Generator random(seed);
    for (Index i = 0; i < 80; i += 3) {
      targets.push_back(i);
      weights.push_back(random.uniform());
    }
    MineOptions options;
    options.width = 0.6;
    const Selection picks = mine_by_herding(pool, targets, weights, 10, options, workers);
    const auto kernel = [&](Index a, Index b) {
      double na = 0, nb = 0, square = 0;
      for (std::size_t d = 0; d < 6; ++d) {
        na += std::pow(made.embeddings(a, d), 2);
        nb += std::pow(made.embeddings(b, d), 2);
      }
      for (std::size_t d = 0; d < 6; ++d) {
        square += std::pow(
            made.embeddings(a, d) / std::sqrt(na) - made.embeddings(b, d) / std::sqrt(nb), 2);
      }
      return std::exp(-square / 0.36);
    };
    const auto value = [&](const std::vector<Index>& centers) {
      double sum = 0;
      for (std::size_t t = 0; t < targets.size(); ++t) {
        double best = 0;
        for (const Index center : centers) best = std::max(best, kernel(center, targets[t]));
        sum += weights[t] * best;
      }
      return sum / static_cast<double>(targets.size());
    };
    std::vector<Index> centers(pool.labeled.begin(), pool.labeled.end());
    for (std::size_t pick = 0; pick < 10; ++pick) {
      double best = -1;
      Index row = 0;
      for (const Index candidate : pool.unlabeled) {
        if (std::find(centers.begin(), centers.end(), candidate) != centers.end()) continue;
        std::vector<Index> with = centers;
        with.push_back(candidate);
        if (value(with) > best + 1e-9) {
          best = value(with);
          row = candidate;
        }
      }
      EXPECT_EQ(picks.indices[pick], row) << seed << " " << pick;
      EXPECT_NEAR(picks.scores[pick], best - value(centers), 1e-6);
      centers.push_back(picks.indices[pick]);
    }
  }
}

TEST(MineByBadge, StaysWithinWhatTheClassifierLetsThrough) {
  Workers workers(2);
  SyntheticPool made(60, 4, 3, 6);
  const Pool pool = made.view();
  const auto admitted = std::make_unique<bool[]>(60);
  std::size_t inside = 0;
  for (Index i = 0; i < 60; ++i) admitted[i] = i % 3 == 0;
  for (const Index row : pool.unlabeled) inside += admitted[row] ? 1 : 0;
  Generator random(2);
  const std::span<const bool> flags(admitted.get(), 60);
  const Selection picks = mine_by_badge(pool, flags, 8, random, {}, workers);
  ASSERT_EQ(picks.indices.size(), 8u);
  for (const Index row : picks.indices) EXPECT_TRUE(admitted[row]);
  const Selection more = mine_by_badge(pool, flags, inside + 5, random, {}, workers);
  EXPECT_EQ(more.indices.size(), inside + 5);
  EXPECT_EQ(more.notes.size(), 1u);
  auto sorted = more.indices;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end());
}

}  // namespace
}  // namespace goldpan
