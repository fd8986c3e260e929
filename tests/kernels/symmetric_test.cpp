#include "kernels/symmetric.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

/// Rows whose variance falls from column to column.
Matrix<float> made_rows(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Matrix<float> values(rows, cols);
  Generator generator(seed);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) {
      values(i, j) = static_cast<float>(generator.normal() / (1.0 + 0.1 * static_cast<double>(j)));
    }
  }
  return values;
}

double outer_product(const Matrix<float>& rows, std::size_t i, std::size_t j) {
  double sum = 0;
  for (std::size_t r = 0; r < rows.rows(); ++r) sum += double{rows(r, i)} * double{rows(r, j)};
  return sum;
}

TEST(Eigen, OfASmallMatrixByHand) {
  Matrix<double> a(2, 2);
  a(0, 0) = a(1, 1) = 2;
  a(0, 1) = a(1, 0) = 1;
  const Eigen eigen = eigen_of_symmetric(a);
  EXPECT_NEAR(eigen.values[0], 3, 1e-12);
  EXPECT_NEAR(eigen.values[1], 1, 1e-12);
  EXPECT_NEAR(eigen.vectors(0, 0), std::sqrt(0.5), 1e-6);
  EXPECT_NEAR(eigen.vectors(0, 1), std::sqrt(0.5), 1e-6);
  EXPECT_NEAR(eigen.vectors(1, 0) * eigen.vectors(1, 1), -0.5, 1e-6);
}

TEST(SymmetricMatrix, AccumulatesOuterProductsAcrossItsBlocks) {
  // 1100: three blocks, the last one narrow.
  Workers workers(2);
  const Matrix<float> first = made_rows(7, 1100, 1), second = made_rows(3, 1100, 2);
  SymmetricMatrix matrix(1100);
  matrix.add_outer_products(first, workers);
  matrix.add_outer_products(second, workers);
  matrix.transform(
      [](std::size_t i, std::size_t j, float value) { return i == j ? value + 1 : value; },
      workers);
  for (std::size_t i = 0; i < 1100; i += 101) {
    for (std::size_t j = 0; j < 1100; j += 37) {
      const double expected = outer_product(first, i, j) + outer_product(second, i, j) + (i == j);
      ASSERT_NEAR(matrix.at(i, j), expected, 1e-4);
    }
  }

  const Matrix<float> rows = made_rows(2, 1100, 3);
  Matrix<float> out(2, 1100);
  matrix.multiply_by(rows, out, workers);
  for (std::size_t j = 0; j < 1100; j += 50) {
    double expected = 0;
    for (std::size_t k = 0; k < 1100; ++k) expected += double{rows(1, k)} * double{matrix.at(k, j)};
    ASSERT_NEAR(out(1, j), expected, 1e-3);
  }
}

TEST(LeadingEigenvectors, AreEigenvectorsAndOrthonormal) {
  Workers workers(2);
  const std::size_t size = 600, count = 10;
  SymmetricMatrix matrix(size);
  matrix.add_outer_products(made_rows(900, size, 4), workers);
  const Eigen eigen = leading_eigenvectors(matrix, count, 12, Generator(1), workers);
  Matrix<float> image(count, size);
  matrix.multiply_by(eigen.vectors, image, workers);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) {
      EXPECT_LE(eigen.values[i], eigen.values[i - 1]);
    }
    for (std::size_t j = 0; j < count; ++j) {
      double dot = 0;
      for (std::size_t k = 0; k < size; ++k) {
        dot += double{eigen.vectors(i, k)} * double{eigen.vectors(j, k)};
      }
      EXPECT_NEAR(dot, i == j, 1e-4);
    }
    for (std::size_t k = 0; k < size; ++k) {
      ASSERT_NEAR(image(i, k), eigen.values[i] * eigen.vectors(i, k), 2e-2 * eigen.values[0]);
    }
  }
}

TEST(LeadingEigenvectors, AllOfASmallMatrixAreExact) {
  Workers workers(1);
  const Matrix<float> rows = made_rows(50, 12, 5);
  SymmetricMatrix matrix(12);
  matrix.add_outer_products(rows, workers);
  Matrix<double> dense(12, 12);
  for (std::size_t i = 0; i < 12; ++i) {
    for (std::size_t j = 0; j < 12; ++j) dense(i, j) = outer_product(rows, i, j);
  }
  const Eigen expected = eigen_of_symmetric(dense);
  const Eigen eigen = leading_eigenvectors(matrix, 12, 1, Generator(1), workers);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_NEAR(eigen.values[i], expected.values[i], 1e-4 * expected.values[0]);
  }
}

TEST(LeadingEigenvectors, DoNotDependOnThreads) {
  std::vector<Matrix<float>> vectors;
  for (const int threads : {1, 2, 4}) {
    Workers workers(threads);
    SymmetricMatrix matrix(530);
    matrix.add_outer_products(made_rows(64, 530, 6), workers);
    vectors.push_back(leading_eigenvectors(matrix, 5, 3, Generator(2), workers).vectors);
  }
  for (std::size_t i = 0; i < vectors[0].size(); ++i) {
    ASSERT_EQ(vectors[0].data()[i], vectors[1].data()[i]);
    ASSERT_EQ(vectors[0].data()[i], vectors[2].data()[i]);
  }
}

}  // namespace
}  // namespace goldpan
