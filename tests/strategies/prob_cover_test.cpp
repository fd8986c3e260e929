#include "reference/prob_cover.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "expect_error.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

/// On the rows as they are: lines and the reference know nothing of length 1.
Selection pick(const Pool& pool, std::size_t batch, StrategyOptions options = {}) {
  Generator generator(0);
  Workers workers(2);
  options.values.set("unit_length", false);
  return select("prob_cover", pool, batch, generator, workers, options);
}

StrategyOptions with_radius(double radius) {
  StrategyOptions options;
  options.values.set("prob_cover_radius", radius);
  return options;
}

struct Line {
  explicit Line(std::vector<float> values) : x(std::move(values)), rows(x.size()) {
    std::iota(rows.begin(), rows.end(), Index{0});
  }
  Pool view() const {
    Pool pool;
    pool.embeddings = MatrixView<const float>(x.data(), x.size(), 1);
    pool.unlabeled = rows;
    return pool;
  }
  std::vector<float> x;
  std::vector<Index> rows;
};

TEST(ProbCover, TakesTheBallThatCoversMost) {
  //             0  1  2  3  4   5   6   7
  const Line line({0, 1, 2, 3, 10, 11, 12, 50});
  const Selection picked = pick(line.view(), 4, with_radius(1.5));
  // Row 1 covers 0, 1, 2 (row 2 covers as many, but comes later); row 5 covers 4, 5, 6; then row 2
  // or 3 or 7 cover one more each.
  EXPECT_EQ(picked.indices, (std::vector<Index>{1, 5, 2, 7}));
  EXPECT_EQ(picked.scores, (std::vector<double>{3, 3, 1, 1}));
  ASSERT_EQ(picked.notes.size(), 1u);
  EXPECT_NE(picked.notes[0].find("radius 1.5"), std::string::npos);
  EXPECT_NE(picked.notes[0].find("covers 100.0 %"), std::string::npos);
}

TEST(ProbCover, TheBallIsOpen) {
  const Line line({0, 1, 2});
  EXPECT_EQ(pick(line.view(), 1, with_radius(1.0)).scores, (std::vector<double>{1}));
}

TEST(ProbCover, LabelledRowsCoverToo) {
  Line line({0, 1, 2, 3, 10, 11, 12, 50});
  Pool pool = line.view();
  const std::vector<Index> labeled = {5};
  line.rows.erase(line.rows.begin() + 5);
  pool.unlabeled = line.rows;
  pool.labeled = labeled;
  EXPECT_EQ(pick(pool, 2, with_radius(1.5)).indices, (std::vector<Index>{1, 2}));
}

TEST(ProbCover, FallsBackToRandomAndSaysSo) {
  const Line line({0, 1, 2, 3, 4, 5});
  const Selection picked = pick(line.view(), 4, with_radius(100));
  EXPECT_EQ(picked.indices[0], 0u);
  EXPECT_EQ(picked.scores, (std::vector<double>{6, 0, 0, 0}));
  ASSERT_EQ(picked.notes.size(), 2u);
  EXPECT_NE(picked.notes[1].find("nothing left to cover: 3 picks at random"), std::string::npos);
}

// On GTSRB, whose files are sorted by class, 1,500 of 2,000 picks were rows alone in their balls,
// in the order of the files: ten points below random.
TEST(ProbCover, RowsAloneInTheirBallsAreDrawnNotTakenInOrder) {
  // Two tight heaps, far from each other, then a long row of lone points.
  std::vector<float> x;
  for (int i = 0; i < 60; ++i) x.push_back(0.001f * static_cast<float>(i));
  for (int i = 0; i < 60; ++i) x.push_back(1000 + 0.001f * static_cast<float>(i));
  for (int i = 0; i < 40; ++i) x.push_back(1100 + 10 * static_cast<float>(i * i));
  const Line line(std::move(x));
  StrategyOptions options;
  options.values.set("prob_cover_classes", 60);
  options.values.set("prob_cover_purity", 0.9);
  const Selection searched = pick(line.view(), 30, options);
  ASSERT_EQ(searched.notes.size(), 2u);
  EXPECT_NE(searched.notes[1].find("no ball covers another row"), std::string::npos);
  EXPECT_EQ(std::ranges::count(searched.scores, 1.0), 0) << "no ball that covers its middle alone";
  const std::vector<Index> drawn(searched.indices.end() - 10, searched.indices.end());
  EXPECT_FALSE(std::ranges::is_sorted(drawn));
  // The same with a radius that was asked for is the definition: one after the other.
  const Selection asked = pick(line.view(), 10, with_radius(0.5));
  EXPECT_EQ(asked.scores, (std::vector<double>{60, 60, 1, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_TRUE(std::is_sorted(asked.indices.begin() + 2, asked.indices.end()));
}

TEST(ProbCover, TheRadiusIsTheLargestThatIsPureEnough) {
  // Two pseudo-labels: 0..9 apart by 1, and 20..29. The rows next to the gap are 11 from the other
  // side; those behind them 12, and so on, two rows at each distance.
  std::vector<float> x;
  for (int i = 0; i < 10; ++i) x.push_back(static_cast<float>(i));
  for (int i = 20; i < 30; ++i) x.push_back(static_cast<float>(i));
  const Line line(std::move(x));
  StrategyOptions options;
  options.values.set("prob_cover_classes", 2);
  for (const auto& [purity, radius] :
       {std::pair{1.0, 11.0}, {0.95, 11.0}, {0.9, 12.0}, {0.8, 13.0}, {0.0, 20.0}}) {
    options.values.set("prob_cover_purity", purity);
    const Selection picked = pick(line.view(), 1, options);
    EXPECT_NE(picked.notes[0].find("radius " + std::to_string(radius)), std::string::npos)
        << purity << ": " << picked.notes[0];
  }
}

TEST(ProbCover, MatchesTheDefinition) {
  for (const std::size_t dims : {2, 40}) {
    const SyntheticPool data(300, dims, 4, 15, dims);
    for (const double radius : {0.3, 1.0, std::sqrt(2.0 * static_cast<double>(dims))}) {
      std::vector<double> counts;
      const std::vector<Index> expected =
          reference::prob_cover(data.embeddings, data.labeled, data.unlabeled, 20, radius, counts);
      Selection picked = pick(data.view(), 20, with_radius(radius));
      picked.indices.resize(expected.size());
      picked.scores.resize(expected.size());
      EXPECT_EQ(picked.indices, expected) << dims << " " << radius;
      EXPECT_EQ(picked.scores, counts);
    }
  }
}

// On rows whose lengths differ one radius covered the short ones only, and the picks were worse
// than random ones.
TEST(ProbCover, LengthsDoNotCount) {
  SyntheticPool data(300, 6, 4, 15);
  Generator generator(0);
  Workers workers(2);
  const std::vector<Index> picked =
      select("prob_cover", data.view(), 20, generator, workers).indices;
  Matrix<float> unit(300, 6);
  for (std::size_t i = 0; i < 300; ++i) {
    double length = 0;
    for (const float value : data.embeddings.row(i)) length += double{value} * value;
    for (std::size_t d = 0; d < 6; ++d) {
      unit(i, d) = static_cast<float>(data.embeddings(i, d) / std::sqrt(length));
      data.embeddings(i, d) *= static_cast<float>(1 << i % 8);
    }
  }
  EXPECT_EQ(select("prob_cover", data.view(), 20, generator, workers).indices, picked);
  Pool pool = data.view();
  pool.embeddings = unit;
  EXPECT_EQ(pick(pool, 20).indices, picked);
}

TEST(ProbCover, TooManyEdgesToKeepChangeNothing) {
  const SyntheticPool data(900, 3, 4, 15);
  const Selection kept = pick(data.view(), 50);
  StrategyOptions options;
  options.values.set("prob_cover_max_edges", 1000);
  const Selection searched = pick(data.view(), 50, options);
  EXPECT_EQ(searched.indices, kept.indices);
  EXPECT_EQ(searched.scores, kept.scores);
  EXPECT_EQ(searched.notes, kept.notes);
}

TEST(ProbCover, RefusesBadOptions) {
  const Line line({0, 1});
  expect_error([&] { pick(line.view(), 1, with_radius(-1)); }, "[prob_cover_radius] got -1");
  StrategyOptions options;
  options.values.set("prob_cover_purity", 1.5);
  expect_error([&] { pick(line.view(), 1, options); }, "[prob_cover_purity] got 1.5");
}

}  // namespace
}  // namespace goldpan
