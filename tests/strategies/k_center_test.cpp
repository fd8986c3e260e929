#include "reference/k_center.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/quantized.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Selection k_center(const Pool& pool, std::size_t batch) {
  Generator generator(0);
  Workers workers(2);
  return select("k_center", pool, batch, generator, workers);
}

void expect_same_as_plain(const SyntheticPool& data, std::size_t batch) {
  const Selection plain = reference::k_center(data.embeddings, data.labeled, data.unlabeled, batch);
  const Selection fast = k_center(data.view(), batch);
  EXPECT_EQ(fast.indices, plain.indices);
  EXPECT_EQ(fast.scores, plain.scores);
}

/// Points on a line, by hand.
struct Line {
  explicit Line(const std::vector<float>& points) : x(points.size(), 1) {
    for (std::size_t i = 0; i < points.size(); ++i) x(i, 0) = points[i];
  }
  Selection pick(std::vector<Index> labeled, std::size_t batch) const {
    Pool pool;
    pool.embeddings = x;
    std::vector<Index> unlabeled;
    for (Index i = 0; i < x.rows(); ++i) {
      if (std::ranges::find(labeled, i) == labeled.end()) unlabeled.push_back(i);
    }
    pool.labeled = labeled;
    pool.unlabeled = unlabeled;
    return k_center(pool, batch);
  }
  Matrix<float> x;
};

TEST(KCenter, PicksTheFarthestThenTheFarthestFromBoth) {
  const Selection picks = Line({0, 1, 4, 10, 6}).pick({0}, 4);
  EXPECT_EQ(picks.indices, (std::vector<Index>{3, 2, 4, 1}));
  EXPECT_EQ(picks.scores, (std::vector<double>{10, 4, 2, 1}));
}

TEST(KCenter, StartsClosestToTheMeanWithoutLabels) {
  const Selection picks = Line({0, 1, 4, 10}).pick({}, 3);  // mean 3.75
  EXPECT_EQ(picks.indices, (std::vector<Index>{2, 3, 0}));
  EXPECT_EQ(picks.scores, (std::vector<double>{0.25, 6, 4}));
}

TEST(KCenter, TiesGoToTheLowestRow) {
  EXPECT_EQ(Line({5, 0, 10, 10, 0}).pick({0}, 4).indices, (std::vector<Index>{1, 2, 3, 4}));
}

TEST(KCenter, MeasuresFromEveryLabelledRow) {
  EXPECT_EQ(Line({0, 3, 5, 9, 10}).pick({0, 4}, 1).indices, (std::vector<Index>{2}));
}

TEST(KCenter, PicksWhatThePlainAlgorithmPicks) {
  for (const std::size_t dims : {1, 3, 16, 33, 100}) {
    expect_same_as_plain(SyntheticPool(700, dims, 5, 60, dims), 150);
  }
}

TEST(KCenter, PicksWhatThePlainAlgorithmPicksByEveryIntegerUnit) {
  std::vector<IntegerUnit> units = {IntegerUnit::kNone, IntegerUnit::kGeneric};
  if (best_integer_unit() != IntegerUnit::kNone) units.push_back(IntegerUnit::kVnni);
  if (best_integer_unit() == IntegerUnit::kAmx) units.push_back(IntegerUnit::kAmx);
  for (const IntegerUnit unit : units) {
    use_integer_unit(unit);
    for (const std::size_t dims : {1, 16, 100}) {
      expect_same_as_plain(SyntheticPool(700, dims, 5, 60, dims), 150);
    }
    SyntheticPool far(500, 70, 5, 30);
    for (std::size_t i = 0; i < far.embeddings.size(); ++i) far.embeddings.data()[i] += 1000.0f;
    expect_same_as_plain(far, 100);
    use_best_integer_unit();
  }
}

TEST(KCenter, PicksWhatThePlainAlgorithmPicksWithoutLabels) {
  expect_same_as_plain(SyntheticPool(700, 40, 5, 0), 200);
}

TEST(KCenter, PicksWhatThePlainAlgorithmPicksUpToTheLastRow) {
  expect_same_as_plain(SyntheticPool(400, 20, 5, 100), 300);
}

TEST(KCenter, PicksWhatThePlainAlgorithmPicksFarFromTheOrigin) {
  SyntheticPool data(600, 24, 4, 100);
  for (std::size_t i = 0; i < data.embeddings.size(); ++i) data.embeddings.data()[i] += 1000;
  expect_same_as_plain(data, 200);
}

TEST(KCenter, PicksWhatThePlainAlgorithmPicksAmongDuplicates) {
  SyntheticPool data(600, 24, 4, 50);
  for (std::size_t i = 0; i < 600; ++i) {
    std::ranges::copy(data.embeddings.row(i % 150), data.embeddings.row(i).begin());
  }
  expect_same_as_plain(data, 400);
}

TEST(KCenter, PicksWhatThePlainAlgorithmPicksOnAGrid) {  // ties everywhere
  SyntheticPool data(1000, 3, 4, 30);
  for (std::size_t i = 0; i < 1000; ++i) {
    data.embeddings(i, 0) = static_cast<float>(i % 10);
    data.embeddings(i, 1) = static_cast<float>(i / 10 % 10);
    data.embeddings(i, 2) = static_cast<float>(i / 100);
  }
  expect_same_as_plain(data, 500);
}

TEST(KCenter, PicksWhatThePlainAlgorithmPicksInALongTail) {
  SyntheticPool data(2000, 30, 6, 200);
  Generator generator(5);
  for (std::size_t i = 0; i < 2000; ++i) {
    const auto scale = static_cast<float>(std::exp(2 * generator.normal()));
    for (float& value : data.embeddings.row(i)) value *= scale;
  }
  expect_same_as_plain(data, 300);
}

}  // namespace
}  // namespace goldpan
