#include "models/scaled_inputs.hpp"

#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

/// Normal columns around `mean` with these standard deviations.
Matrix<float> columns(std::size_t rows, const std::vector<double>& deviations, double mean) {
  Generator generator(1);
  Matrix<float> matrix(rows, deviations.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < deviations.size(); ++j) {
      matrix(i, j) = static_cast<float>(mean + deviations[j] * generator.normal());
    }
  }
  return matrix;
}

/// Standard deviations of the scaled columns; their means must be 0.
std::vector<double> scaled_deviations(const Matrix<float>& matrix, InputScaling scaling) {
  std::vector<Index> rows(matrix.rows());
  std::iota(rows.begin(), rows.end(), Index{0});
  Workers workers(1);
  const ColumnScales scales = fit_column_scales(matrix, rows, scaling, 1.0);
  const Matrix<float> inputs = gather_inputs(matrix, rows, scales, workers);
  std::vector<double> deviations;
  for (std::size_t j = 0; j < inputs.cols(); ++j) {
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < inputs.rows(); ++i) {
      mean += inputs(i, j) / static_cast<double>(inputs.rows());
      square += double{inputs(i, j)} * inputs(i, j) / static_cast<double>(inputs.rows());
    }
    EXPECT_NEAR(mean, 0, 1e-4);
    deviations.push_back(std::sqrt(square - mean * mean));
  }
  return deviations;
}

double squared_norm(const std::vector<double>& deviations) {
  double sum = 0;
  for (const double deviation : deviations) sum += deviation * deviation;
  return sum;
}

TEST(ScaledInputs, CommonScalingKeepsProportions) {
  const Matrix<float> matrix = columns(500, {4, 2, 1, 1}, 30);
  for (const InputScaling scaling : {InputScaling::kCommon, InputScaling::kAuto}) {
    const std::vector<double> found = scaled_deviations(matrix, scaling);
    EXPECT_NEAR(squared_norm(found), 1, 1e-4);
    EXPECT_NEAR(found[0] / found[1], 2, 0.2);
    EXPECT_NEAR(found[1] / found[2], 2, 0.2);
  }
}

TEST(ScaledInputs, PerColumnScalingMakesAllEqual) {
  const std::vector<double> found =
      scaled_deviations(columns(500, {4, 2, 1, 1}, 30), InputScaling::kPerColumn);
  for (const double deviation : found) EXPECT_NEAR(deviation, 0.5, 1e-4);
}

TEST(ScaledInputs, ColumnsInDifferentUnitsAreScaledOneByOne) {
  std::vector<double> deviations;
  for (int i = 0; i < 25; ++i) deviations.push_back(std::pow(10, i / 4.0 - 3));
  for (const double found : scaled_deviations(columns(500, deviations, 0), InputScaling::kAuto)) {
    EXPECT_NEAR(found, 0.2, 1e-4);
  }
}

TEST(ScaledInputs, OneColumnDoesNotDrownTheOthers) {
  std::vector<double> deviations(25, 1.0);
  deviations[3] = 1e4;
  const std::vector<double> found =
      scaled_deviations(columns(500, deviations, 0), InputScaling::kAuto);
  EXPECT_NEAR(found[3] / found[4], 32, 3);
}

TEST(ScaledInputs, ConstantColumnsBecomeZero) {
  Matrix<float> matrix = columns(100, {1, 0, 1}, 1000);
  for (std::size_t i = 0; i < 100; ++i) matrix(i, 1) = 3.3f;
  EXPECT_EQ(scaled_deviations(matrix, InputScaling::kAuto)[1], 0);
}

}  // namespace
}  // namespace goldpan
