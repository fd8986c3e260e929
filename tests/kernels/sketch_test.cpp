#include "kernels/sketch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

#include "reference/distance.hpp"

namespace goldpan {
namespace {

/// Rows whose later components are ever smaller, `offset` away from the origin.
Matrix<float> falling(std::size_t rows, std::size_t dims, float offset, std::uint64_t seed) {
  Generator generator(seed);
  Matrix<float> values(rows, dims);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t d = 0; d < dims; ++d) {
      values(i, d) = offset + static_cast<float>(generator.normal() / std::sqrt(1.0 + double(d)));
    }
  }
  return values;
}

struct Sketched {
  Sketched(const Sketch& sketch, Matrix<float> rows)
      : values(rows.rows(), sketch.size()), slack(rows.rows()) {
    sketch.project(rows, values, slack);
  }
  double distance(std::size_t i, const Sketched& other, std::size_t j) const {
    return std::sqrt(reference::squared_distance_double(values.row(i).data(),
                                                        other.values.row(j).data(), values.cols()));
  }
  Matrix<float> values;
  std::vector<float> slack;
};

void expect_lower_bounds(const Sketch& sketch, const Matrix<float>& rows, double tightness) {
  const Sketched sketched(sketch, rows);
  double ratios = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double truth = std::sqrt(
          reference::squared_distance_double(rows.row(i).data(), rows.row(j).data(), rows.cols()));
      const double bound =
          sketched.distance(i, sketched, j) - sketched.slack[i] - sketched.slack[j];
      ASSERT_LE(bound, truth) << i << " " << j;
      ratios += truth > 0 ? bound / truth : 1.0;
    }
  }
  EXPECT_GT(2 * ratios / static_cast<double>(rows.rows() * (rows.rows() - 1)), tightness);
}

TEST(Sketch, BoundsDistancesFromBelow) {
  const Matrix<float> rows = falling(120, 100, 0, 1);
  expect_lower_bounds(Sketch(rows, 31), rows, 0.85);
  expect_lower_bounds(Sketch(rows, 7), rows, 0.6);
  expect_lower_bounds(Sketch(Sketch(rows, 31), 7), rows, 0.6);
  expect_lower_bounds(Sketch(rows, 1000), rows, 0.95);  // all directions: the distances themselves
}

TEST(Sketch, BoundsDistancesOfRowsThatItHasNotSeen) {
  expect_lower_bounds(Sketch(falling(50, 100, 0, 1), 31), falling(120, 100, 0, 2), 0.7);
}

TEST(Sketch, BoundsDistancesFarFromTheOrigin) {
  const Matrix<float> rows = falling(120, 100, 1000, 1);
  expect_lower_bounds(Sketch(rows, 31), rows, 0.8);
}

TEST(Sketch, BoundsDistancesOfEqualRowsAndOfFewerRowsThanDirections) {
  Matrix<float> rows(5, 20);
  std::fill_n(rows.data(), rows.size(), 3.0f);
  expect_lower_bounds(Sketch(rows, 8), rows, 0.5);
  rows(2, 4) = 7;
  expect_lower_bounds(Sketch(rows, 8), rows, 0.5);
}

TEST(SketchProducts, AreThePlainOnes) {
  for (const std::size_t count : {1, 5, 6, 7, 40}) {
    const std::size_t size = 13;
    const Matrix<float> x = falling(kSketchBlock, size, 0, 1), centers = falling(count, size, 0, 2);
    std::vector<float> block(size * kSketchBlock), half(count), out(count * kSketchBlock);
    for (std::size_t i = 0; i < kSketchBlock; ++i) {
      for (std::size_t k = 0; k < size; ++k) block[k * kSketchBlock + i] = x(i, k);
    }
    for (std::size_t c = 0; c < count; ++c) half[c] = static_cast<float>(c) / 4;
    sketch_products(block.data(), size, {centers.data(), half.data(), count}, out.data());
    for (std::size_t c = 0; c < count; ++c) {
      for (std::size_t i = 0; i < kSketchBlock; ++i) {
        double sum = -half[c];
        for (std::size_t k = 0; k < size; ++k) sum += double{x(i, k)} * centers(c, k);
        ASSERT_NEAR(out[c * kSketchBlock + i], sum, 1e-5) << c << " " << i;
      }
    }
  }
}

TEST(SketchProducts, TheLargestIsTheFirstOfEquals) {
  std::vector<float> products(5 * kSketchBlock, 1.0f);
  products[3 * kSketchBlock + 7] = products[4 * kSketchBlock + 7] = 2.0f;
  float largest[kSketchBlock];
  std::uint32_t which[kSketchBlock] = {};
  std::fill_n(largest, kSketchBlock, -1.0f);
  largest_products(products.data(), 5, 100, largest, which);
  EXPECT_EQ(which[7], 103u);
  EXPECT_EQ(largest[7], 2.0f);
  EXPECT_EQ(which[8], 100u);
}

TEST(SketchProducts, WhatIsNoNumberIsNotRuledOut) {
  std::vector<float> products(2 * kSketchBlock, 0.0f);
  float limits[kSketchBlock];
  std::fill_n(limits, kSketchBlock, 0.0f);
  products[3] = std::numeric_limits<float>::quiet_NaN();
  products[kSketchBlock + 5] = 1.0f;
  limits[9] = std::numeric_limits<float>::quiet_NaN();
  std::vector<std::uint32_t> found;
  products_above(products.data(), 2, limits, found);
  EXPECT_EQ(found, (std::vector<std::uint32_t>{3, 9, kSketchBlock + 5, kSketchBlock + 9}));
}

}  // namespace
}  // namespace goldpan
