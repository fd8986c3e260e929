#include "kernels/quantized.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

#include "reference/distance.hpp"

namespace goldpan {
namespace {

/// Every unit that this processor has.
std::vector<IntegerUnit> units() {
  std::vector<IntegerUnit> all = {IntegerUnit::kGeneric};
  if (best_integer_unit() != IntegerUnit::kNone) all.push_back(IntegerUnit::kVnni);
  if (best_integer_unit() == IntegerUnit::kAmx) all.push_back(IntegerUnit::kAmx);
  return all;
}

class Quantized : public ::testing::Test {
 protected:
  void TearDown() override { use_best_integer_unit(); }
};

Matrix<float> made(std::size_t rows, std::size_t dims, float offset, float size, double falling) {
  Generator generator(dims);
  Matrix<float> values(rows, dims);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t d = 0; d < dims; ++d) {
      const double scale = size / std::pow(1.0 + static_cast<double>(d), falling);
      values(i, d) = offset + static_cast<float>(scale * generator.normal());
    }
  }
  return values;
}

double distance(const Matrix<float>& rows, std::size_t i, std::size_t j) {
  return std::sqrt(
      reference::squared_distance_double(rows.row(i).data(), rows.row(j).data(), rows.cols()));
}

/// The bound of |x_i - x_j| that a product gives, as its users compute it.
double bound(const QuantizedBlock& block, std::size_t i, const QuantizedRows& rows, std::size_t j,
             float product) {
  const double x = block.half_lengths[i];
  const double error = 4 * 0x1p-24 * 2 * (x + rows.half_lengths[j]);
  const double squared = std::max(0.0, 2 * (x - product - error));
  return std::sqrt(squared) - block.errors[i] - rows.errors[j];
}

/// Bounds hold for all pairs and reach `tightness` of the distance on average.
void expect_bounds(const Matrix<float>& rows, double tightness) {
  const Quantizer quantizer(rows.view());
  QuantizedRows centers(quantizer, rows.rows());
  for (std::size_t i = 0; i < rows.rows(); ++i) centers.set(i, rows.row(i));
  double ratios = 0;
  std::size_t pairs = 0;
  for (std::size_t begin = 0; begin < rows.rows(); begin += kSketchBlock) {
    const std::size_t end = std::min(rows.rows(), begin + kSketchBlock);
    QuantizedBlock block(quantizer);
    block.set(rows.view().rows_between(begin, end));
    std::vector<float> products(rows.rows() * kSketchBlock);
    quantized_products(block, centers, 0, rows.rows(), products.data());
    for (std::size_t j = 0; j < rows.rows(); ++j) {
      for (std::size_t i = begin; i < end; ++i) {
        const double least =
            bound(block, i - begin, centers, j, products[j * kSketchBlock + i - begin]);
        const double truth = distance(rows, i, j);
        ASSERT_LE(least, truth) << i << " " << j;
        if (i == j) continue;
        ratios += truth > 0 ? least / truth : 1.0;
        ++pairs;
      }
    }
  }
  EXPECT_GT(ratios / static_cast<double>(pairs), tightness);
}

TEST_F(Quantized, BoundsDistancesFromBelow) {
  for (const IntegerUnit unit : units()) {
    use_integer_unit(unit);
    for (const std::size_t dims : {1, 3, 64, 65, 100, 384, 640, 1280}) {
      expect_bounds(made(150, dims, 0, 1, 0), 0.96);
    }
  }
}

TEST_F(Quantized, BoundsDistancesOfAFallingSpectrumFarFromTheOrigin) {
  for (const IntegerUnit unit : units()) {
    use_integer_unit(unit);
    expect_bounds(made(150, 384, 1000, 1, 0.7), 0.95);
    expect_bounds(made(150, 200, 0, 1e-6f, 1.5), 0.9);
    expect_bounds(made(150, 200, 0, 1e12f, 1.5), 0.9);
  }
}

TEST_F(Quantized, KeepsZerosAndVanishingRows) {
  Matrix<float> rows(70, 128);
  rows(1, 5) = 1e-38f;
  rows(2, 5) = 1e-44f;
  rows(3, 0) = 1.0f;
  for (const IntegerUnit unit : units()) {
    use_integer_unit(unit);
    expect_bounds(rows, -std::numeric_limits<double>::infinity());
  }
}

TEST_F(Quantized, GivesTheSameProductsByEveryUnit) {
  const Matrix<float> rows = made(200, 320, 1, 1, 0.3);
  const Quantizer quantizer(rows.view());
  QuantizedRows centers(quantizer, rows.rows());
  for (std::size_t i = 0; i < rows.rows(); ++i) centers.set(i, rows.row(i));
  QuantizedBlock block(quantizer);
  block.set(rows.view().rows_between(3, 64));
  for (const auto& [begin, end] : {std::pair<std::size_t, std::size_t>{0, 200},
                                   {1, 2},
                                   {5, 22},
                                   {7, 40},
                                   {199, 200},
                                   {4, 4}}) {
    use_integer_unit(IntegerUnit::kGeneric);
    std::vector<float> plain((end - begin) * kSketchBlock);
    quantized_products(block, centers, begin, end, plain.data());
    for (const IntegerUnit unit : units()) {
      use_integer_unit(unit);
      std::vector<float> fast(plain.size());
      quantized_products(block, centers, begin, end, fast.data());
      for (std::size_t i = 0; i < plain.size(); ++i) {
        const double allowed =
            8 * 0x1p-24 *
            (block.half_lengths[i % kSketchBlock] + centers.half_lengths[begin + i / kSketchBlock]);
        ASSERT_NEAR(fast[i], plain[i], allowed) << i;
      }
    }
  }
}

TEST_F(Quantized, CopiesARowOfABlock) {
  const Matrix<float> rows = made(10, 100, 1, 1, 0.3);
  const Quantizer quantizer(rows.view());
  QuantizedBlock block(quantizer);
  block.set(rows);
  QuantizedRows set(quantizer, 2), copied(quantizer, 2);
  set.set(1, rows.row(7));
  block.copy_to(7, copied, 1);
  EXPECT_EQ(copied.scales[1], set.scales[1]);
  EXPECT_EQ(copied.half_lengths[1], set.half_lengths[1]);
  EXPECT_EQ(copied.errors[1], set.errors[1]);
  for (std::size_t k = 0; k < set.size(); ++k) {
    EXPECT_EQ(copied.values[set.size() + k], set.values[set.size() + k]);
  }
}

}  // namespace
}  // namespace goldpan
