#include "strategies/near_rows.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/distance.hpp"

namespace goldpan {
namespace {

/// More rows than a tile has columns, with duplicates; and more dimensions than the bounds.
class NearRowsOf : public testing::TestWithParam<std::size_t> {
 protected:
  NearRowsOf() : x(1300, GetParam()), rows(1200) {
    Generator generator(GetParam());
    for (std::size_t i = 0; i < x.size(); ++i) {
      x.data()[i] = static_cast<float>(5 + generator.normal());
    }
    for (std::size_t i = 100; i < 110; ++i) std::copy_n(x.row(3).data(), x.cols(), x.row(i).data());
    std::iota(rows.begin(), rows.end(), Index{50});
  }
  float distance(std::size_t a, std::size_t b) const {
    return squared_distance(x.row(rows[a]).data(), x.row(rows[b]).data(), x.cols());
  }
  Matrix<float> x;
  std::vector<Index> rows;
};
INSTANTIATE_TEST_SUITE_P(Dimensions, NearRowsOf, testing::Values(1, 2, 32, 33, 100));

TEST_P(NearRowsOf, FindsAllWithinAndNoOthers) {
  Workers workers(2);
  const NearRows near(x, rows, Generator(0), workers);
  const std::vector<std::uint32_t> places = {0, 55, 700, 1199};
  std::vector<float> sorted;
  for (std::size_t j = 0; j < rows.size(); ++j) sorted.push_back(distance(700, j));
  std::sort(sorted.begin(), sorted.end());
  for (const float limit :
       {0.0f, sorted[10], sorted[600], std::numeric_limits<float>::infinity()}) {
    std::vector<std::vector<std::uint32_t>> found(places.size()), expected(places.size());
    near.for_each_within(places, limit,
                         [&](std::size_t i, std::uint32_t place) { found[i].push_back(place); });
    for (std::size_t i = 0; i < places.size(); ++i) {
      for (std::uint32_t j = 0; j < rows.size(); ++j) {
        if (distance(places[i], j) < limit) expected[i].push_back(j);
      }
    }
    EXPECT_EQ(found, expected) << limit;
  }
}

TEST_P(NearRowsOf, FindsTheNearestInARange) {
  Workers workers(2);
  const NearRows near(x, rows, Generator(0), workers);
  std::vector<float> nearest(200, std::numeric_limits<float>::infinity()), expected = nearest;
  near.lower_nearest(10, nearest, 0, 10);
  near.lower_nearest(10, nearest, 210, 1200);
  near.lower_nearest(10, nearest, 500, 500);
  for (std::size_t i = 0; i < 200; ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      if (j < 10 || j >= 210) expected[i] = std::min(expected[i], distance(10 + i, j));
    }
  }
  EXPECT_EQ(nearest, expected);
}

}  // namespace
}  // namespace goldpan
