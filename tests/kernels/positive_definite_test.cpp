#include "kernels/positive_definite.hpp"

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

TEST(InvertPositiveDefinite, TimesTheMatrixIsTheIdentity) {
  for (const std::size_t size : {1, 2, 5, 95, 96, 97, 250}) {
    Generator generator(size);
    Matrix<double> factor(size, size), matrix(size, size);
    for (std::size_t i = 0; i < factor.size(); ++i) factor.data()[i] = generator.normal();
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        for (std::size_t k = 0; k < size; ++k) matrix(i, j) += factor(i, k) * factor(j, k);
      }
      matrix(i, i) += 1.0;
    }
    Matrix<double> inverse = matrix;
    ASSERT_TRUE(invert_positive_definite(inverse));
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < size; ++k) sum += matrix(i, k) * inverse(k, j);
        EXPECT_NEAR(sum, i == j ? 1.0 : 0.0, 1e-9);
      }
    }
  }
}

TEST(InvertPositiveDefinite, TellsWhenItIsNot) {
  Matrix<double> matrix(2, 2);
  matrix(0, 0) = 1.0;
  matrix(1, 0) = matrix(0, 1) = 2.0;
  matrix(1, 1) = 1.0;
  EXPECT_FALSE(invert_positive_definite(matrix));
}

}  // namespace
}  // namespace goldpan
