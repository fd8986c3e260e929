#include "kernels/softmax.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

#include "kernels/narrow_product.hpp"

namespace goldpan {
namespace {

Matrix<float> random_logits(std::size_t rows, std::size_t cols, double scale, std::uint64_t seed) {
  Generator generator(seed);
  Matrix<float> logits(rows, cols);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    logits.data()[i] = static_cast<float>(scale * generator.normal());
  }
  return logits;
}

std::vector<double> reference_softmax(std::span<const float> row, double scale) {
  const double top = *std::ranges::max_element(row);
  std::vector<double> p;
  double sum = 0;
  for (const float z : row) {
    p.push_back(std::exp(scale * (z - top)));
    sum += p.back();
  }
  for (double& value : p) value /= sum;
  return p;
}

TEST(Softmax, AgreesWithDoublePrecision) {
  for (const std::size_t cols : {1, 2, 3, 4, 8, 10, 15, 16, 17, 32, 43, 64, 65, 100, 1000, 3000}) {
    for (const std::size_t rows : {1, 2, 37}) {
      for (const float scale : {1.0f, 0.05f, 20.0f}) {
        const Matrix<float> logits = random_logits(rows, cols, 4, cols);
        // What lies behind the matrix must stay as it is.
        std::vector<float> values(logits.data(), logits.data() + logits.size());
        values.push_back(99);
        softmax_rows({values.data(), rows, cols}, scale);
        EXPECT_EQ(values.back(), 99);
        for (std::size_t i = 0; i < rows; ++i) {
          const std::vector<double> expected = reference_softmax(logits.row(i), scale);
          for (std::size_t c = 0; c < cols; ++c) {
            // Twenty times a difference of floats carries twenty times its rounding.
            const double bound = 2e-6 + 4e-6 * scale;
            EXPECT_NEAR(values[i * cols + c], expected[c], bound * expected[c] + 2e-30);
          }
        }
      }
    }
  }
}

TEST(Softmax, SurvivesExtremes) {
  Matrix<float> values(2, 3);
  values(0, 0) = 3e38f;
  values(0, 1) = -3e38f;
  values(1, 0) = values(1, 1) = values(1, 2) = -1e30f;
  softmax_rows(values);
  EXPECT_EQ(values(0, 0), 1);
  EXPECT_EQ(values(0, 1), 0);
  EXPECT_EQ(values(0, 2), 0);
  EXPECT_NEAR(values(1, 2), 1.0 / 3, 1e-6);
  softmax_rows(MatrixView<float>());
}

TEST(CrossEntropy, AgreesWithDoublePrecision) {
  for (const std::size_t classes : {1, 2, 5, 10, 16, 17, 43, 100}) {
    const std::size_t rows = 9, width = padded_width(classes);
    const Matrix<float> logits = random_logits(rows, width, 3, classes);  // padding: anything
    std::vector<std::int32_t> labels;
    std::vector<float> weights;
    for (std::size_t i = 0; i < rows; ++i) {
      labels.push_back(static_cast<std::int32_t>(i % classes));
      weights.push_back(0.5f + static_cast<float>(i));
    }
    for (const bool weighted : {false, true}) {
      Matrix<float> errors = logits;
      std::vector<float> spread(width);
      const double loss = cross_entropy_rows(
          errors, classes, labels, weighted ? std::span<const float>(weights) : std::span<float>(),
          spread);
      double expected_loss = 0;
      std::vector<double> expected_spread(classes);
      for (std::size_t i = 0; i < rows; ++i) {
        const std::vector<double> p = reference_softmax(logits.row(i).first(classes), 1);
        const double weight = weighted ? double{weights[i]} : 1.0;
        const auto label = static_cast<std::size_t>(labels[i]);
        expected_loss -= weight * std::log(p[label]);
        for (std::size_t c = 0; c < classes; ++c) {
          expected_spread[c] += p[c] * (1 - p[c]);
          EXPECT_NEAR(errors(i, c), weight * (p[c] - (c == label ? 1.0 : 0.0)), 4e-6 * weight);
        }
        for (std::size_t c = classes; c < width; ++c) EXPECT_EQ(errors(i, c), 0);
      }
      EXPECT_NEAR(loss, expected_loss, 1e-5 * (1 + expected_loss));
      for (std::size_t c = 0; c < classes; ++c) EXPECT_NEAR(spread[c], expected_spread[c], 1e-5);
    }
  }
}

}  // namespace
}  // namespace goldpan
