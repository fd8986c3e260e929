#include "strategies/coverage_screen.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

// Equal rows, near twins and a row of zeros among others.
SyntheticPool made(std::size_t dims) {
  SyntheticPool data(400, dims, 5, 0, dims);
  std::ranges::copy(data.embeddings.row(20), data.embeddings.row(370).begin());
  std::ranges::copy(data.embeddings.row(21), data.embeddings.row(371).begin());
  data.embeddings(371, 1) *= 1.0005f;
  std::ranges::fill(data.embeddings.row(30), 0.0f);
  return data;
}

/// Bounds of similarities and gains are never below what is computed in float, and not far above.
void expect_bounds(std::size_t dims, float scale, IntegerUnit unit) {
  const std::string what = std::to_string(dims) + " dimensions, scale " + std::to_string(scale) +
                           ", unit " + std::to_string(static_cast<int>(unit));
  use_integer_unit(unit);
  const SyntheticPool data = made(dims);
  Workers workers(3);
  const UnitRows rows(Embeddings(data.embeddings), data.unlabeled, workers);
  const std::size_t count = rows.size();
  const CoverageScreen screen(rows, scale, workers);
  Matrix<float> exact(count, padded_places(count));
  unit_similarities(rows.values, rows.norms.data(), rows, {0, count}, scale,
                    {exact.data(), exact.size()});

  std::vector<std::uint32_t> places(count);
  std::iota(places.begin(), places.end(), 0u);
  std::ranges::rotate(places, places.begin() + 77);
  for (const std::size_t covered : {0, 1, 40}) {
    std::vector<float> reached(padded_places(count), 2.0f), weights(padded_places(count), 0.0f);
    for (std::size_t x = 0; x < count; ++x) {
      reached[x] = 0;
      weights[x] = static_cast<float>(x % 7) / 6;
      for (std::size_t c = 0; c < covered; ++c) {
        reached[x] = std::max(reached[x], exact(7 * c + 2, x));
      }
    }
    std::vector<std::int64_t> gains(count);
    screen.bound_gains(places, reached, weights, gains);
    std::vector<std::vector<Near>> lists(count), short_lists(count);
    std::vector<std::uint8_t> has_many(count, 0), has_more(count, 0);
    screen.list(places, reached, count, lists, has_many);
    screen.list(std::span(places).first(20), reached, 30, std::span(short_lists).first(20),
                std::span(has_more).first(20));
    double excess = 0, pairs = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = exact.row(places[i]);
      const std::int64_t gain = coverage_gain(row, reached.data(), weights.data());
      ASSERT_GE(gains[i], gain) << what << ", place " << places[i];
      ASSERT_EQ(has_many[i], 0);
      std::vector<float> bounds(count, -1.0f);
      for (const Near& near : lists[i]) bounds[near.place] = near.similarity;
      for (std::size_t x = 0; x < count; ++x) {
        if (!(row[x] > reached[x])) continue;
        ASSERT_GE(bounds[x], row[x]) << what << ": " << places[i] << " and " << x;
        excess += bounds[x] - row[x];
        ++pairs;
      }
      if (i >= 20) continue;
      EXPECT_EQ(has_more[i] != 0, lists[i].size() > 30) << what;
      EXPECT_EQ(short_lists[i].size(), has_more[i] != 0 ? 0 : lists[i].size()) << what;
    }
    if (scale <= 1) {
      EXPECT_LT(excess, 0.05 * pairs) << what;
    }
  }
  use_best_integer_unit();
}

TEST(CoverageScreen, IsNeverBelowTheSimilarity) {
  for (const IntegerUnit unit : {IntegerUnit::kGeneric, IntegerUnit::kVnni, IntegerUnit::kAmx}) {
    if (unit != IntegerUnit::kGeneric && unit > best_integer_unit()) continue;
    for (const std::size_t dims : {3, 70, 384}) {
      for (const float scale : {0.0f, 0.25f, 1.0f, 1e4f}) expect_bounds(dims, scale, unit);
    }
  }
}

// Few places are cut along the pool, many are not.
TEST(CoverageScreen, IsTheSameForFewPlacesAndForMany) {
  const SyntheticPool data(4300, 5, 3, 0);
  Workers workers(3);
  const UnitRows rows(Embeddings(data.embeddings), data.unlabeled, workers);
  use_integer_unit(std::max(best_integer_unit(), IntegerUnit::kGeneric));
  const CoverageScreen screen(rows, 4.0f, workers);
  std::vector<float> reached(padded_places(rows.size()), 0.6f), weights(reached.size(), 1.0f);
  std::vector<std::uint32_t> places(rows.size());
  std::iota(places.begin(), places.end(), 0u);
  std::vector<std::int64_t> gains(places.size()), some_gains(20);
  std::vector<std::vector<Near>> lists(places.size()), some_lists(20);
  std::vector<std::uint8_t> has_many(places.size(), 0), some_many(20, 0);
  const auto some = std::span(places).first(20);
  screen.bound_gains(places, reached, weights, gains);
  screen.bound_gains(some, reached, weights, some_gains);
  screen.list(places, reached, places.size(), lists, has_many);
  screen.list(some, reached, places.size(), some_lists, some_many);
  use_best_integer_unit();
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(gains[i], some_gains[i]);
    ASSERT_EQ(lists[i].size(), some_lists[i].size());
    for (std::size_t k = 0; k < lists[i].size(); ++k) {
      EXPECT_EQ(lists[i][k].place, some_lists[i][k].place);
      EXPECT_EQ(lists[i][k].similarity, some_lists[i][k].similarity);
    }
  }
}

}  // namespace
}  // namespace goldpan
