#include "session/copies.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

constexpr double kCosine = 0.9;

/// 300 rows of the pool, then 200 of the test set, in five dimensions, some of them planted copies.
Matrix<float> rows_with_copies() {
  Generator generator(4);
  Matrix<float> rows(500, 5);
  for (float& x : std::span(rows.data(), rows.size())) x = static_cast<float>(generator.normal());
  for (const auto& [test, pool] : {std::pair(310, 7), std::pair(311, 7), std::pair(499, 299)}) {
    std::ranges::copy(std::as_const(rows).row(pool), rows.row(test).begin());
  }
  std::ranges::copy(std::as_const(rows).row(7), rows.row(9).begin());  // of two the first counts
  for (float& x : rows.row(400)) x = 0;
  for (float& x : rows.row(20)) x = -0.0f;
  return rows;
}

std::vector<Index> between(Index begin, Index end) {
  std::vector<Index> rows;
  for (Index row = begin; row < end; ++row) rows.push_back(row);
  return rows;
}

double cosine_of(const Matrix<float>& rows, Index a, Index b) {
  double product = 0, first = 0, second = 0;
  for (std::size_t k = 0; k < rows.cols(); ++k) {
    product += double{rows(a, k)} * rows(b, k);
    first += double{rows(a, k)} * rows(a, k);
    second += double{rows(b, k)} * rows(b, k);
  }
  return first == 0 || second == 0 ? 0 : product / std::sqrt(first * second);
}

TEST(CopiesAcross, AreThoseOfAllPairs) {
  const Matrix<float> rows = rows_with_copies();
  const auto pool = between(0, 300), test = between(300, 500);
  for (const int threads : {1, 3}) {
    Workers workers(threads);
    const CopiesAcross found = copies_across(rows, pool, test, kCosine, workers);
    EXPECT_EQ(found.exact, 4u);  // with the row of zeros, whichever its sign
    EXPECT_EQ(found.checked, test.size());
    std::size_t at = 0, near = 0;
    for (const Index item : test) {
      Index nearest = 0;
      bool exact = false;
      double best = -2;
      for (const Index other : pool) {
        if (std::ranges::equal(rows.row(item), rows.row(other))) {
          nearest = other;
          exact = true;
          break;
        }
      }
      for (const Index other : pool) {
        if (exact || cosine_of(rows, item, other) <= best) continue;
        best = cosine_of(rows, item, other);
        nearest = other;
      }
      if (!exact && best < kCosine) continue;
      ++near;
      ASSERT_LT(at, found.copies.size());
      EXPECT_EQ(found.copies[at].test, item);
      EXPECT_EQ(found.copies[at].pool, nearest) << item;
      EXPECT_EQ(found.copies[at].exact, exact) << item;
      ++at;
    }
    EXPECT_EQ(at, found.copies.size());
    EXPECT_EQ(found.near, near);
    EXPECT_GT(near, found.exact);  // or the test shows nothing about near ones
  }
}

TEST(CopiesAcross, BoundsItsPairsButNotItsHashes) {
  Matrix<float> rows(kCopyPairs / 100 + 2'000, 1);
  for (std::size_t i = 0; i < rows.rows(); ++i) rows(i, 0) = static_cast<float>(i + 1);
  const auto pool = between(0, static_cast<Index>(kCopyPairs / 100));
  auto test = between(static_cast<Index>(pool.size()), static_cast<Index>(rows.rows()));
  rows(test[1'999], 0) = rows(3, 0);
  Workers workers(2);
  const CopiesAcross found = copies_across(rows, pool, test, 1.5, workers);  // nothing is near
  EXPECT_EQ(found.checked, 100u);
  ASSERT_EQ(found.copies.size(), 1u);
  EXPECT_EQ(found.copies[0].test, test[1'999]);
  EXPECT_EQ(found.copies[0].pool, 3u);
}

TEST(CopiesAcross, OfNothingAreNone) {
  const Matrix<float> rows = rows_with_copies();
  Workers workers(1);
  EXPECT_TRUE(copies_across(rows, {}, between(0, 5), kCosine, workers).copies.empty());
  EXPECT_TRUE(copies_across(rows, between(0, 5), {}, kCosine, workers).copies.empty());
}

}  // namespace
}  // namespace goldpan
