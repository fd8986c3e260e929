#include "kernels/triangle.hpp"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

#include "reference/patches.hpp"

namespace goldpan {
namespace {

Matrix<float> normals(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Matrix<float> values(rows, cols);
  Generator generator(seed);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values.data()[i] = static_cast<float>(generator.normal());
  }
  return values;
}

TEST(Triangle, AgreesWithTheObviousOne) {
  // Shapes around the tiles: 6 or 12 points, panels of 32 centers, vectors of 4 to 16.
  for (const std::size_t points : {1u, 5u, 12u, 13u, 40u}) {
    for (const std::size_t count : {1u, 3u, 16u, 31u, 33u, 100u}) {
      for (const std::size_t dims : {1u, 7u, 108u}) {
        const Matrix<float> a = normals(points, dims, 1), centers = normals(count, dims, 2);
        std::vector<std::uint8_t> pools(points);
        for (std::size_t i = 0; i < points; ++i) pools[i] = static_cast<std::uint8_t>(i * 7 % 3);
        Matrix<float> sums(3, count);
        add_triangle_activations(a, PackedCenters(centers), pools, sums);

        Matrix<double> expected(3, count);
        for (std::size_t i = 0; i < points; ++i) {
          const auto activations = reference::triangle({a.row(i).begin(), a.row(i).end()}, centers);
          for (std::size_t c = 0; c < count; ++c) expected(pools[i], c) += activations[c];
        }
        for (std::size_t i = 0; i < sums.size(); ++i) {
          ASSERT_NEAR(sums.data()[i], expected.data()[i], 2e-4)
              << points << " x " << count << " x " << dims;
        }
      }
    }
  }
}

TEST(Triangle, APointDoesNotDependOnThoseAroundIt) {
  const Matrix<float> points = normals(29, 108, 3), centers = normals(70, 108, 4);
  const PackedCenters packed(centers);
  std::vector<std::uint8_t> pools(points.rows());
  for (std::size_t i = 0; i < pools.size(); ++i) pools[i] = static_cast<std::uint8_t>(i);
  Matrix<float> together(points.rows(), centers.rows());
  add_triangle_activations(points, packed, pools, together);
  for (std::size_t i = 0; i < points.rows(); ++i) {
    Matrix<float> alone(1, centers.rows());
    const std::vector<std::uint8_t> first = {0};
    add_triangle_activations(points.view().rows_between(i, i + 1), packed, first, alone);
    for (std::size_t c = 0; c < centers.rows(); ++c) ASSERT_EQ(together(i, c), alone(0, c));
  }
}

TEST(Triangle, AddsToWhatIsThere) {
  const Matrix<float> point = normals(1, 4, 5), centers = normals(6, 4, 6);
  const std::vector<std::uint8_t> pools = {1};
  Matrix<float> once(2, 6), twice(2, 6);
  const PackedCenters packed(centers);
  add_triangle_activations(point, packed, pools, once);
  add_triangle_activations(point, packed, pools, twice);
  add_triangle_activations(point, packed, pools, twice);
  for (std::size_t c = 0; c < 6; ++c) {
    EXPECT_EQ(once(0, c), 0.0f);
    EXPECT_FLOAT_EQ(twice(1, c), 2 * once(1, c));
  }
}

TEST(Triangle, APointOnACenterAndEqualCenters) {
  // All distances equal: nothing is nearer than the mean. On a center: rounding may not make NaN.
  const std::vector<float> point(108, 0.3f);
  Matrix<float> equal(5, 108);
  for (std::size_t i = 0; i < equal.size(); ++i) equal.data()[i] = 0.3f;
  Matrix<float> sums(1, 5);
  const std::vector<std::uint8_t> pools = {0};
  add_triangle_activations({point.data(), 1, 108}, PackedCenters(equal), pools, sums);
  for (const float value : sums.row(0)) EXPECT_NEAR(value, 0.0f, 1e-2f);
}

}  // namespace
}  // namespace goldpan
