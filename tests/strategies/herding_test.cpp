#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/core/npy.hpp>

#include "expect_error.hpp"
#include "kernels/quantized.hpp"
#include "reference/coverage.hpp"
#include "strategies/synthetic_pool.hpp"

// MaxHerding, UHerding and facility location: one greedy algorithm, three weightings.
namespace goldpan {
namespace {

Selection pick(const char* strategy, const Pool& pool, std::size_t batch,
               const StrategyOptions& options = {}, int threads = 2) {
  Generator generator(0);
  Workers workers(threads);
  return select(strategy, pool, batch, generator, workers, options);
}

StrategyOptions with_radius(double radius) {
  StrategyOptions options;
  options.values.set("radius", radius);
  return options;
}

// Gains that differ by less are equal: two rows that cover only each other, whatever the rounding.
constexpr double kTie = 1e-11;

double one(Index /*row*/) { return 1.0; }

double uncertainty(const SyntheticPool& data, Index row) {
  std::vector<float> p(data.probabilities.row(row).begin(), data.probabilities.row(row).end());
  std::ranges::sort(p, std::greater<>());
  return 1.0 - (double{p[0]} - p[1]);
}

void expect_same(const Selection& picked, const std::vector<Index>& rows,
                 const std::vector<double>& gains, const std::string& what) {
  EXPECT_EQ(picked.indices, rows) << what;
  ASSERT_EQ(picked.scores.size(), gains.size());
  for (std::size_t i = 0; i < gains.size(); ++i) {
    EXPECT_NEAR(picked.scores[i], gains[i], 1e-7) << what << ", pick " << i;
  }
}

/// Four directions of the plane: rows at 0, 10 and 20 degrees, at 90 and at 180.
struct Directions {
  Directions() : x(5, 2) {
    const double degrees[] = {0, 10, 20, 90, 180};
    for (std::size_t i = 0; i < 5; ++i) {
      // Lengths differ: only directions count.
      const double length = 1.0 + static_cast<double>(i), angle = degrees[i] * std::acos(-1) / 180;
      x(i, 0) = static_cast<float>(length * std::cos(angle));
      x(i, 1) = static_cast<float>(length * std::sin(angle));
    }
    rows = {0, 1, 2, 3, 4};
  }
  Pool view() const {
    Pool pool;
    pool.embeddings = x;
    pool.unlabeled = rows;
    return pool;
  }
  Matrix<float> x;
  std::vector<Index> rows;
};

TEST(MaxHerding, TakesTheMiddleOfTheManyThenWhatIsFar) {
  const Directions data;
  const Selection picked = pick("max_herding", data.view(), 5, with_radius(0.5));
  // Row 1 stands for its neighbours; then 4 and 3 stand for themselves, 4 first: it is farther from
  // row 1, which has covered it less.
  EXPECT_THAT(std::vector<Index>(picked.indices.begin(), picked.indices.begin() + 3),
              testing::ElementsAre(1, 4, 3));
  const double near = std::exp(-std::pow(2 * std::sin(5 * std::acos(-1) / 180) / 0.5, 2));
  EXPECT_NEAR(picked.scores[0], (1 + 2 * near) / 5, 1e-3);
  EXPECT_EQ(picked.indices[3], 0u);  // as far from row 1 as row 2: the lower
}

TEST(MaxHerding, MatchesTheDefinition) {
  for (const std::size_t labels : {0, 15}) {
    for (const double radius : {0.2, 0.5, 1.0, 3.0}) {
      const SyntheticPool data(300, 8, 4, labels, 3);
      std::vector<double> gains;
      const auto rows =
          reference::greedy_coverage(reference::gaussian_kernel(data.embeddings, radius),
                                     data.labeled, data.unlabeled, one, 40, gains, kTie);
      expect_same(pick("max_herding", data.view(), 40, with_radius(radius)), rows, gains,
                  std::to_string(labels) + " labels, radius " + std::to_string(radius));
    }
  }
}

TEST(MaxHerding, EqualRowsTieToTheLowest) {
  SyntheticPool data(60, 4, 3, 0);
  for (std::size_t i = 30; i < 60; ++i) {
    std::ranges::copy(data.embeddings.row(i - 30), data.embeddings.row(i).begin());
  }
  const Selection picked = pick("max_herding", data.view(), 30);
  for (const Index row : picked.indices) EXPECT_LT(row, 30u);
  // Everything is covered by its twin: nothing is left to gain, and rows come in their order.
  const Selection all = pick("max_herding", data.view(), 60);
  EXPECT_EQ(all.indices[30], 30u);
  EXPECT_EQ(all.scores[30], 0.0);
  EXPECT_EQ(all.indices[59], 59u);
}

TEST(MaxHerding, RowsOfZerosAreRowsLikeOthers) {
  SyntheticPool data(40, 4, 3, 0);
  std::ranges::fill(data.embeddings.row(7), 0.0f);
  const Selection picked = pick("max_herding", data.view(), 40, with_radius(0.3));
  EXPECT_NE(std::ranges::find(picked.indices, 7u), picked.indices.end());
}

TEST(MaxHerding, RefusesARadiusOfZero) {
  const SyntheticPool data(40, 4, 3, 0);
  expect_error([&] { pick("max_herding", data.view(), 3, with_radius(0)); }, "radius");
}

TEST(MaxHerding, NearTwinsAreMeasuredByDifferences) {
  // Rows 1e-4 apart, which products of floats cannot tell: the radius is of that size.
  Matrix<float> x(6, 3);
  const double offsets[] = {0, 1e-4, 2e-4, 3e-3, 3.1e-3, 0.5};
  for (std::size_t i = 0; i < 6; ++i) {
    x(i, 0) = 1;
    x(i, 1) = static_cast<float>(offsets[i]);
  }
  std::vector<Index> rows(6);
  std::iota(rows.begin(), rows.end(), Index{0});
  Pool pool;
  pool.embeddings = x;
  pool.unlabeled = rows;
  std::vector<double> gains;
  const auto expected = reference::greedy_coverage(reference::gaussian_kernel(x, 2e-4), {}, rows,
                                                   one, 6, gains, 1e-9);
  const Selection picked = pick("max_herding", pool, 6, with_radius(2e-4));
  EXPECT_EQ(picked.indices, expected);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(picked.scores[i], gains[i], 1e-3);
}

TEST(UHerding, IsMaxHerdingWithoutLabels) {
  const SyntheticPool data(200, 8, 4, 0);
  const Selection picked = pick("uherding", data.view(), 20);
  EXPECT_EQ(picked.indices, pick("max_herding", data.view(), 20).indices);
  EXPECT_THAT(picked.notes[0], testing::HasSubstr("no labels, every row weighs the same"));
}

TEST(UHerding, MatchesTheDefinition) {
  const SyntheticPool data(300, 8, 4, 20, 5);
  const Matrix<double> unit = reference::unit_rows(data.embeddings);
  double rule = 10;
  for (const Index a : data.labeled) {
    for (const Index b : data.labeled) {
      if (a != b) rule = std::min(rule, reference::unit_distance(unit, a, b));
    }
  }
  const auto weight = [&](Index row) {
    return std::ranges::binary_search(data.labeled, row) ? 0.0 : uncertainty(data, row);
  };
  for (const double radius : {0.0, 0.4, 1.0}) {
    std::vector<double> gains;
    const auto rows = reference::greedy_coverage(
        reference::gaussian_kernel(data.embeddings, radius == 0 ? rule : radius), data.labeled,
        data.unlabeled, weight, 40, gains, kTie);
    const Selection picked = pick("uherding", data.view(), 40, with_radius(radius));
    expect_same(picked, rows, gains, "radius " + std::to_string(radius));
    if (radius == 0) {
      EXPECT_THAT(picked.notes[0], testing::HasSubstr("radius " + std::to_string(rule)));
    }
  }
}

TEST(UHerding, TheFloorOfTheRadiusHolds) {
  const SyntheticPool data(200, 8, 4, 20);
  StrategyOptions options;
  options.values.set("radius_floor", 0.9);
  const Selection picked = pick("uherding", data.view(), 20, options);
  EXPECT_EQ(picked.indices, pick("uherding", data.view(), 20, with_radius(0.9)).indices);
  EXPECT_THAT(picked.notes[0], testing::HasSubstr("below radius_floor"));
}

TEST(UHerding, EqualLabelledRowsDoNotMakeTheRadiusZero) {
  SyntheticPool data(100, 4, 3, 2);
  std::ranges::copy(data.embeddings.row(data.labeled[0]),
                    data.embeddings.row(data.labeled[1]).begin());
  const Selection picked = pick("uherding", data.view(), 10);
  EXPECT_THAT(picked.notes[0], testing::HasSubstr("radius 1.0"));
  EXPECT_THAT(picked.notes[0], testing::HasSubstr("no two labelled rows differ"));
}

TEST(FacilityLocation, MatchesTheDefinition) {
  for (const std::size_t labels : {0, 10}) {
    const SyntheticPool data(250, 6, 4, labels, 9);
    std::vector<double> gains;
    const auto rows =
        reference::greedy_coverage(reference::cosine_kernel(data.embeddings), data.labeled,
                                   data.unlabeled, one, 30, gains, kTie);
    expect_same(pick("facility_location", data.view(), 30), rows, gains, "cosine");
    StrategyOptions options = with_radius(0.6);
    options.values.set("similarity", "gaussian");
    EXPECT_EQ(pick("facility_location", data.view(), 30, options).indices,
              pick("max_herding", data.view(), 30, with_radius(0.6)).indices);
  }
}

// Beyond one block, with lists and without: 1,200 rows in few dimensions, where lists come early,
// and in many, where they come late.
TEST(MaxHerding, IsPlainGreedyOnALargerPool) {
  for (const std::size_t dims : {3, 64}) {
    const SyntheticPool data(1200, dims, 6, 40, dims);
    std::vector<double> gains;
    const auto rows =
        reference::greedy_coverage(reference::gaussian_kernel(data.embeddings, 0.5), data.labeled,
                                   data.unlabeled, one, 40, gains, kTie);
    for (const int threads : {1, 3}) {
      expect_same(pick("max_herding", data.view(), 40, with_radius(0.5), threads), rows, gains,
                  std::to_string(dims) + " dimensions");
    }
  }
}

class Screened : public ::testing::TestWithParam<IntegerUnit> {
 protected:
  void SetUp() override {
    if (GetParam() != IntegerUnit::kGeneric && GetParam() > best_integer_unit()) {
      GTEST_SKIP() << "no such unit here";
    }
    use_integer_unit(GetParam());
  }
  void TearDown() override { use_best_integer_unit(); }
};

/// Picks and scores, to the last bit, with bounds from integers and without.
void expect_same_unscreened(const char* strategy, const Pool& pool, std::size_t batch,
                            const StrategyOptions& options, const std::string& what) {
  const Selection screened = pick(strategy, pool, batch, options, 3);
  const int unit = static_cast<int>(::testing::TestWithParam<IntegerUnit>::GetParam());
  use_integer_unit(IntegerUnit::kNone);
  const Selection plain = pick(strategy, pool, batch, options, 1);
  use_integer_unit(static_cast<IntegerUnit>(unit));
  EXPECT_EQ(screened.indices, plain.indices) << what;
  EXPECT_EQ(screened.scores, plain.scores) << what;
}

// From nothing covered, where all rows gain on all, to what lists hold; radii for which bounds are
// tight, loose, and useless; rows that are equal, near twins, and zero.
TEST_P(Screened, ChangesNoBit) {
  for (const std::size_t dims : {5, 200}) {
    for (const std::size_t labels : {0, 3, 60}) {
      SyntheticPool data(600, dims, 6, labels, dims + labels);
      std::ranges::copy(data.embeddings.row(20), data.embeddings.row(500).begin());
      std::ranges::copy(data.embeddings.row(21), data.embeddings.row(501).begin());
      data.embeddings(501, 2) *= 1.001f;
      std::ranges::fill(data.embeddings.row(30), 0.0f);
      const std::string what = std::to_string(dims) + " dimensions, " + std::to_string(labels);
      for (const double radius : {1e-3, 0.3, 1.0}) {
        expect_same_unscreened("max_herding", data.view(), 120, with_radius(radius), what);
      }
      expect_same_unscreened("uherding", data.view(), 150, {}, what);
      expect_same_unscreened("facility_location", data.view(), 150, {}, what);
      if (labels == 3) {
        expect_same_unscreened("max_herding", data.view(), data.unlabeled.size(), {}, what);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Units, Screened,
                         ::testing::Values(IntegerUnit::kGeneric, IntegerUnit::kVnni,
                                           IntegerUnit::kAmx));

/// Plain greedy with gains in double kept up to date by the rows that a pick covers better: the
/// same values as the definition's, in a time that 5,000 rows allow.
void expect_plain_greedy(MatrixView<const float> x, std::span<const Index> labeled,
                         std::span<const Index> unlabeled, double radius, const Selection& picked) {
  const Matrix<double> unit = reference::unit_rows(x);
  const std::size_t n = x.rows();
  Matrix<float> kernel(n, n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double dot = 0;
      for (std::size_t d = 0; d < unit.cols(); ++d) dot += unit(i, d) * unit(j, d);
      const double value = std::exp(-std::max(0.0, 2 - 2 * dot) / (radius * radius));
      kernel(i, j) = kernel(j, i) = static_cast<float>(i == j ? 1.0 : value);
    }
  }
  std::vector<double> reached(n, 0.0), gains(n, 0.0);
  for (const Index l : labeled) {
    for (std::size_t y = 0; y < n; ++y) reached[y] = std::max<double>(reached[y], kernel(l, y));
  }
  for (const Index u : unlabeled) {
    for (std::size_t y = 0; y < n; ++y) gains[u] += std::max(0.0, kernel(u, y) - reached[y]);
  }
  std::vector<bool> open(n, false);
  for (const Index u : unlabeled) open[u] = true;
  std::size_t ties = 0;
  for (std::size_t i = 0; i < picked.indices.size(); ++i) {
    Index best = 0;
    double most = -1;
    for (const Index u : unlabeled) {
      if (open[u] && gains[u] > most) {
        most = gains[u];
        best = u;
      }
    }
    const Index own = picked.indices[i];
    ASSERT_TRUE(open[own]);
    EXPECT_NEAR(picked.scores[i], most / static_cast<double>(n), 1e-6) << "pick " << i;
    // Gains that floats cannot tell may come in either order; they are to be few.
    if (own != best) {
      ++ties;
      ASSERT_NEAR(gains[own], most, 2e-6 * static_cast<double>(n)) << "pick " << i;
    }
    open[own] = false;
    for (std::size_t y = 0; y < n; ++y) {
      const double before = reached[y], after = std::max<double>(before, kernel(own, y));
      if (after == before) continue;
      for (const Index u : unlabeled) {
        gains[u] -= std::max(0.0, kernel(u, y) - before) - std::max(0.0, kernel(u, y) - after);
      }
      reached[y] = after;
    }
  }
  EXPECT_LE(ties, picked.indices.size() / 50);
}

TEST(MaxHerding, IsPlainGreedyOnRealRows) {
  const char* folder = std::getenv("GOLDPAN_DATA");
  const auto file =
      std::filesystem::path(folder == nullptr ? "" : folder) / "cifar10-lite0/embeddings.npy";
  if (folder == nullptr || !std::filesystem::exists(file)) {
    GTEST_SKIP() << "GOLDPAN_DATA has no cifar10-lite0";
  }
  const NpyFile stored(file);
  Matrix<float> x(5000, stored.embeddings().cols());
  stored.embeddings().copy_rows(0, x);
  std::vector<Index> labeled, unlabeled;
  for (Index row = 0; row < 5000; ++row) (row % 100 == 0 ? labeled : unlabeled).push_back(row);
  Pool pool;
  pool.embeddings = x;
  pool.labeled = labeled;
  pool.unlabeled = unlabeled;
  for (const double radius : {0.5, 1.0}) {
    expect_plain_greedy(x, labeled, unlabeled, radius,
                        pick("max_herding", pool, 300, with_radius(radius)));
  }
}

}  // namespace
}  // namespace goldpan
