#include "session/diversity.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

namespace goldpan {
namespace {

std::vector<Index> range(Index begin, Index end) {
  std::vector<Index> rows(end - begin);
  std::iota(rows.begin(), rows.end(), begin);
  return rows;
}

TEST(NearTwinShare, CountsRowsWithATwinOtherThanThemselves) {
  Matrix<float> rows(4, 2);
  const float values[] = {1, 0, 2, 0.001f, 0, 1, -1, 0};  // rows 0 and 1 point the same way
  std::copy(std::begin(values), std::end(values), rows.data());
  const auto all = range(0, 4);
  EXPECT_DOUBLE_EQ(near_twin_share(rows, all, all, 0.99), 0.5);
  EXPECT_DOUBLE_EQ(near_twin_share(rows, range(2, 4), range(0, 2), 0.99), 0.0);
  EXPECT_DOUBLE_EQ(near_twin_share(rows, range(0, 1), range(1, 4), 0.99), 1.0);
  EXPECT_TRUE(std::isnan(near_twin_share(rows, {}, all, 0.99)));
}

TEST(MeanDiscrepancy, IsNearZeroForOneDistributionAndLargeForTwo) {
  Generator generator(1);
  Matrix<float> rows(600, 8);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (float& x : rows.row(i))
      x = static_cast<float>(generator.normal() + (i >= 400 ? 1.0 : 0.0));
  }
  const double same = mean_discrepancy(rows, range(0, 200), range(200, 400), generator.stream("a"));
  const double other =
      mean_discrepancy(rows, range(0, 200), range(400, 600), generator.stream("a"));
  EXPECT_LT(std::abs(same), 0.01);
  EXPECT_GT(other, 0.05);
  EXPECT_TRUE(std::isnan(mean_discrepancy(rows, range(0, 1), range(0, 9), generator)));
}

TEST(MeanDiscrepancy, OfIdenticalRowsIsZero) {
  const Matrix<float> rows(6, 3);
  EXPECT_DOUBLE_EQ(mean_discrepancy(rows, range(0, 3), range(3, 6), Generator(1)), 0.0);
}

}  // namespace
}  // namespace goldpan
