#include "kernels/narrow_product.hpp"

#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

Matrix<float> random_matrix(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Generator generator(seed);
  Matrix<float> matrix(rows, cols);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    matrix.data()[i] = static_cast<float>(generator.normal());
  }
  return matrix;
}

TEST(NarrowProduct, PadsToWholeVectors) {
  EXPECT_EQ(padded_width(1), 16u);
  EXPECT_EQ(padded_width(16), 16u);
  EXPECT_EQ(padded_width(17), 32u);
}

TEST(NarrowProduct, AgreesWithTheDefinition) {
  for (const std::size_t rows : {1, 7, 8, 21}) {
    for (const std::size_t cols : {1, 10, 16, 17, 43, 70}) {
      for (const std::size_t dim : {1, 5, 40}) {
        const Matrix<float> x = random_matrix(rows, dim, 1);
        const Matrix<float> weights = random_matrix(dim, padded_width(cols), 2);
        const Matrix<float> bias = random_matrix(1, padded_width(cols), 3);
        // One value more than needed, which must stay as it is.
        std::vector<float> out(rows * cols + 1, 99.0f);
        multiply_narrow(x, weights, bias.row(0), {out.data(), rows, cols});
        EXPECT_EQ(out.back(), 99.0f);
        for (std::size_t i = 0; i < rows; ++i) {
          for (std::size_t c = 0; c < cols; ++c) {
            double sum = bias(0, c);
            for (std::size_t j = 0; j < dim; ++j) sum += double{x(i, j)} * double{weights(j, c)};
            EXPECT_NEAR(out[i * cols + c], sum, 2e-5);
          }
        }
      }
    }
  }
}

TEST(NarrowProduct, ARowDoesNotDependOnItsBlock) {
  const Matrix<float> x = random_matrix(37, 30, 4);
  const Matrix<float> weights = random_matrix(30, 48, 5);
  const std::vector<float> bias(48);
  Matrix<float> together(37, 48), alone(1, 48);
  multiply_narrow(x, weights, bias, together);
  for (std::size_t i = 0; i < 37; ++i) {
    multiply_narrow(x.view().rows_between(i, i + 1), weights, bias, alone);
    for (std::size_t c = 0; c < 48; ++c) EXPECT_EQ(alone(0, c), together(i, c));
  }
}

TEST(NarrowProduct, AddsTheTransposedProduct) {
  for (const std::size_t rows : {1, 9, 64}) {
    for (const std::size_t dim : {1, 8, 19}) {
      for (const std::size_t width : {16, 32, 48}) {
        const Matrix<float> x = random_matrix(rows, dim, 6);
        const Matrix<float> errors = random_matrix(rows, width, 7);
        Matrix<float> out = random_matrix(dim, width, 8);
        const Matrix<float> before = out;
        add_transposed_narrow(x, errors, out);
        for (std::size_t j = 0; j < dim; ++j) {
          for (std::size_t c = 0; c < width; ++c) {
            double sum = before(j, c);
            for (std::size_t i = 0; i < rows; ++i) sum += double{x(i, j)} * double{errors(i, c)};
            EXPECT_NEAR(out(j, c), sum, 5e-5);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace goldpan
