#include <cmath>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>
#include <goldpan/strategies/deduplicate.hpp>

#include "expect_error.hpp"
#include "kernels/quantized.hpp"

namespace goldpan {
namespace {

double cosine_of(std::span<const float> a, std::span<const float> b) {
  double product = 0, a_squares = 0, b_squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += double{a[i]} * b[i];
    a_squares += double{a[i]} * a[i];
    b_squares += double{b[i]} * b[i];
  }
  return a_squares == 0 || b_squares == 0 ? 0 : product / std::sqrt(a_squares * b_squares);
}

/// The definition, row by row.
Duplicates slow_deduplicate(const Matrix<float>& rows, double cosine) {
  Duplicates result;
  for (Index i = 0; i < rows.rows(); ++i) {
    double best = -2;
    Index nearest = i;
    for (const Index kept : result.kept) {
      const double similarity = cosine_of(rows.row(i), rows.row(kept));
      if (similarity > best) {
        best = similarity;
        nearest = kept;
      }
    }
    if (best < cosine) {
      result.kept.push_back(i);
      nearest = i;
    }
    result.kept_row_of.push_back(nearest);
  }
  return result;
}

TEST(Deduplicate, MatchesTheSlowVersionAcrossBlocks) {
  Generator generator(1);
  Matrix<float> rows(1500, 4);  // several blocks; in 4 dimensions there are many near twins
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows.data()[i] = static_cast<float>(generator.normal());
  const Duplicates expected = slow_deduplicate(rows, 0.97);
  ASSERT_LT(expected.kept.size(), 1000u);
  ASSERT_GT(expected.kept.size(), 100u);
  for (const int threads : {1, 2, 4}) {
    Workers workers(threads);
    const Duplicates found = deduplicate(rows, 0.97, workers);
    EXPECT_EQ(found.kept, expected.kept);
    EXPECT_EQ(found.kept_row_of, expected.kept_row_of);
  }
}

/// Rows in families of near twins, whatever way the pairs are looked for.
TEST(Deduplicate, FindsTheSameTwinsByEveryIntegerUnit) {
  Generator generator(2);
  Matrix<float> rows(1400, 70);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t d = 0; d < rows.cols(); ++d) {
      const float own = static_cast<float>(generator.normal());
      rows(i, d) = i < 500 ? own : rows(i % 311, d) + 0.25f * own;
    }
  }
  const Duplicates expected = slow_deduplicate(rows, 0.96);
  ASSERT_LT(expected.kept.size(), 1200u);
  std::vector<IntegerUnit> units = {IntegerUnit::kNone, IntegerUnit::kGeneric};
  if (best_integer_unit() != IntegerUnit::kNone) units.push_back(IntegerUnit::kVnni);
  if (best_integer_unit() == IntegerUnit::kAmx) units.push_back(IntegerUnit::kAmx);
  for (const IntegerUnit unit : units) {
    use_integer_unit(unit);
    Workers workers(2);
    const Duplicates found = deduplicate(rows, 0.96, workers);
    EXPECT_EQ(found.kept, expected.kept);
    EXPECT_EQ(found.kept_row_of, expected.kept_row_of);
    use_best_integer_unit();
  }
}

TEST(Deduplicate, CopiesFallTogetherAndZerosStayApart) {
  Matrix<float> rows(6, 3);
  const float values[] = {1, 2, 3, 2, 4, 6, 0, 0, 0, 3, 2, 1, 0, 0, 0, 1, 2, 3};
  std::copy(std::begin(values), std::end(values), rows.data());
  Workers workers(1);
  const Duplicates found = deduplicate(rows, 1.0, workers);
  EXPECT_EQ(found.kept, (std::vector<Index>{0, 2, 3, 4}));
  EXPECT_EQ(found.kept_row_of, (std::vector<Index>{0, 0, 2, 3, 4, 0}));
}

TEST(Deduplicate, EmptyAndBadInput) {
  Workers workers(1);
  EXPECT_TRUE(deduplicate(Matrix<float>(0, 3), 0.9, workers).kept.empty());
  expect_error([&] { deduplicate(Matrix<float>(2, 3), 0.0, workers); }, "expected above 0");
  expect_error([&] { deduplicate(Matrix<float>(2, 3), 1.5, workers); }, "expected above 0");
  Matrix<float> bad(2, 2);
  bad(1, 0) = std::nanf("");
  expect_error([&] { deduplicate(bad, 0.9, workers); }, "row 1");
}

}  // namespace
}  // namespace goldpan
