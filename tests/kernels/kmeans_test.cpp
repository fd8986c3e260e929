#include "kernels/kmeans.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

/// `groups` groups of points around corners far from each other: row i belongs to group i % groups.
Matrix<float> separated(std::size_t rows, std::size_t dims, std::size_t groups) {
  Generator generator(rows + groups);
  Matrix<float> points(rows, dims);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t d = 0; d < dims; ++d) {
      points(i, d) = static_cast<float>(0.1 * generator.normal());
    }
    points(i, 0) += 100.0f * static_cast<float>(i % groups);
  }
  return points;
}

KMeans run(const Embeddings& points, KMeansOptions options, int threads = 2,
           std::uint64_t seed = 0) {
  Generator generator(seed);
  Workers workers(threads);
  return kmeans(points, options, generator, workers);
}

double squared_distance_of(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) sum += (double{a[d]} - b[d]) * (double{a[d]} - b[d]);
  return sum;
}

TEST(KMeans, FindsSeparatedGroups) {
  const Matrix<float> points = separated(600, 5, 4);
  const KMeans found = run(points, {.clusters = 4});
  EXPECT_TRUE(found.converged);
  std::set<std::uint32_t> names;
  for (std::size_t i = 0; i < 600; ++i) {
    EXPECT_EQ(found.assignment[i], found.assignment[i % 4]) << i;
    names.insert(found.assignment[i]);
  }
  EXPECT_EQ(names.size(), 4u);
  EXPECT_NEAR(found.inertia, 600 * 5 * 0.01, 600 * 5 * 0.01 * 0.1);
}

TEST(KMeans, IsAFixedPointWhereItConverged) {
  Generator generator(1);
  Matrix<float> points(900, 3);
  for (std::size_t i = 0; i < points.size(); ++i) {
    points.data()[i] = static_cast<float>(generator.normal());
  }
  const KMeans found = run(points, {.clusters = 12, .iterations = 1000, .tolerance = 0});
  ASSERT_TRUE(found.converged);
  std::vector<double> sums(12 * 3);
  std::vector<int> counts(12);
  double inertia = 0;
  for (std::size_t i = 0; i < 900; ++i) {
    const auto own = found.assignment[i];
    const double distance = squared_distance_of(points.row(i), found.centers.row(own));
    EXPECT_NEAR(found.squared_distances[i], distance, 1e-5);
    inertia += distance;
    for (std::size_t c = 0; c < 12; ++c) {
      EXPECT_LE(distance, squared_distance_of(points.row(i), found.centers.row(c)) + 1e-5);
    }
    for (std::size_t d = 0; d < 3; ++d) sums[own * 3 + d] += points(i, d);
    ++counts[own];
  }
  EXPECT_NEAR(found.inertia, inertia, 1e-3);
  for (std::size_t c = 0; c < 12; ++c) {
    ASSERT_GT(counts[c], 0);
    for (std::size_t d = 0; d < 3; ++d) {
      EXPECT_NEAR(found.centers(c, d), sums[c * 3 + d] / counts[c], 1e-3);
    }
  }
}

// Many clusters in many dimensions: bounds rule most centers out, and must not rule out the
// nearest.
TEST(KMeans, BoundsDoNotChangeTheAssignment) {
  Generator generator(1);
  Matrix<float> points(2000, 100);
  for (std::size_t i = 0; i < points.rows(); ++i) {
    for (std::size_t d = 0; d < 100; ++d) {
      points(i, d) = static_cast<float>(generator.normal() / (1.0 + 0.1 * static_cast<double>(d)));
    }
  }
  const KMeans found = run(points, {.clusters = 70});
  for (std::size_t i = 0; i < 2000; ++i) {
    const auto own = found.assignment[i];
    const double distance = squared_distance_of(points.row(i), found.centers.row(own));
    EXPECT_NEAR(found.squared_distances[i], distance, 1e-4);
    for (std::size_t c = 0; c < 70; ++c) {
      EXPECT_LE(distance, squared_distance_of(points.row(i), found.centers.row(c)) + 1e-4);
    }
  }
  const KMeans one = run(points, {.clusters = 70}, 1);
  EXPECT_EQ(one.assignment, found.assignment);
  EXPECT_EQ(one.inertia, found.inertia);
}

TEST(KMeans, IsTheSameForAnyNumberOfThreads) {
  const Matrix<float> points = separated(5000, 9, 7);
  const KMeans one = run(points, {.clusters = 30}, 1);
  for (const int threads : {2, 3}) {
    const KMeans more = run(points, {.clusters = 30}, threads);
    EXPECT_EQ(more.assignment, one.assignment);
    EXPECT_EQ(more.inertia, one.inertia);
    EXPECT_TRUE(std::equal(one.centers.data(), one.centers.data() + one.centers.size(),
                           more.centers.data()));
  }
}

TEST(KMeans, FewerDistinctRowsThanClusters) {
  Matrix<float> points(40, 2);
  for (std::size_t i = 0; i < 40; ++i) points(i, 0) = static_cast<float>(i % 3);
  const KMeans found = run(points, {.clusters = 10});
  EXPECT_EQ(found.inertia, 0.0);
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(found.assignment[i], found.assignment[i % 3]);
}

TEST(KMeans, MoreClustersThanRows) {
  const Matrix<float> points = separated(3, 2, 3);
  const KMeans found = run(points, {.clusters = 10});
  EXPECT_EQ(found.centers.rows(), 3u);
  EXPECT_EQ(std::set<std::uint32_t>(found.assignment.begin(), found.assignment.end()).size(), 3u);
}

TEST(KMeans, NamedRowsOfFloat16) {
  const Matrix<float> points = separated(300, 4, 3);
  Matrix<Half> halves(300, 4);
  Matrix<float> rounded(300, 4);
  for (std::size_t i = 0; i < points.size(); ++i) {
    halves.data()[i] = to_half(points.data()[i]);
    rounded.data()[i] = to_float(halves.data()[i]);
  }
  std::vector<Index> rows;
  for (Index i = 1; i < 300; i += 2) rows.push_back(i);
  Generator generator(0);
  Workers workers(2);
  const KMeans from_half =
      kmeans(MatrixView<const Half>(halves.view()), rows, {.clusters = 3}, generator, workers);
  const KMeans from_float = kmeans(rounded, rows, {.clusters = 3}, generator, workers);
  EXPECT_EQ(from_half.assignment, from_float.assignment);
  ASSERT_EQ(from_half.assignment.size(), rows.size());
  for (std::size_t i = 3; i < rows.size(); ++i) {
    EXPECT_EQ(from_half.assignment[i], from_half.assignment[i - 3]);
  }
}

TEST(KMeans, NoRows) {
  const Matrix<float> points = separated(3, 2, 3);
  Generator generator(0);
  Workers workers(1);
  EXPECT_TRUE(kmeans(points, {}, {}, generator, workers).assignment.empty());
}

TEST(KMeans, StopsHalfWay) {
  Generator generator(1);
  Matrix<float> points(20'000, 16);
  for (float& x : std::span(points.data(), points.size())) {
    x = static_cast<float>(generator.normal());
  }
  // The second time that it is asked, which is after the work has begun.
  for (const int threads : {1, 3}) {
    std::atomic<int> asked = 0;
    Workers workers(threads, [&] { return ++asked > 1; });
    const KMeansOptions endless{.clusters = 300, .iterations = 10'000, .tolerance = 0};
    EXPECT_THROW(kmeans(points, endless, generator, workers), Cancelled);
    EXPECT_EQ(asked, 2);
  }
}

}  // namespace
}  // namespace goldpan
