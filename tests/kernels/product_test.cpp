#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

#include "kernels/blas.hpp"

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

Matrix<float> transposed(const Matrix<float>& a) {
  Matrix<float> out(a.cols(), a.rows());
  for (std::size_t i = 0; i < a.rows(); ++i) {
    for (std::size_t j = 0; j < a.cols(); ++j) out(j, i) = a(i, j);
  }
  return out;
}

/// alpha * a * b + beta * out, in double.
void expect_product(const Matrix<float>& a, const Matrix<float>& b, float alpha, float beta,
                    const Matrix<float>& before, const Matrix<float>& out) {
  for (std::size_t i = 0; i < out.rows(); ++i) {
    for (std::size_t j = 0; j < out.cols(); ++j) {
      double sum = 0, size = 0;
      for (std::size_t k = 0; k < a.cols(); ++k) {
        sum += double{a(i, k)} * b(k, j);
        size += std::abs(double{a(i, k)} * b(k, j));
      }
      const double expected = alpha * sum + (beta == 0 ? 0.0 : double{beta} * before(i, j));
      ASSERT_NEAR(out(i, j), expected, 1e-5 * (size + 1)) << i << " " << j;
    }
  }
}

TEST(Product, IsThePlainSumInAllThreeForms) {
  // Around every block and tile size.
  const std::size_t shapes[][3] = {{1, 1, 1},      {1, 40, 7},    {13, 33, 5},    {12, 32, 256},
                                   {97, 16, 31},   {25, 17, 257}, {100, 513, 40}, {7, 600, 3},
                                   {200, 10, 384}, {3, 2, 1000},  {6, 15, 4}};
  for (const auto& [rows, cols, depth] : shapes) {
    const Matrix<float> a = normals(rows, depth, 1), b = normals(depth, cols, 2);
    const Matrix<float> before = normals(rows, cols, 3);
    for (const auto& [alpha, beta] : {std::pair(1.0f, 0.0f), {-2.0f, 1.0f}, {0.5f, -3.0f}}) {
      Matrix<float> out = before;
      multiply(a, b, out, alpha, beta);
      expect_product(a, b, alpha, beta, before, out);
      out = before;
      multiply_transposed(a, transposed(b), out, alpha, beta);
      expect_product(a, b, alpha, beta, before, out);
      out = before;
      multiply_left_transposed(transposed(a), b, out, alpha, beta);
      expect_product(a, b, alpha, beta, before, out);
    }
  }
}

TEST(Product, DoesNotReadWhatItOverwrites) {
  const Matrix<float> a = normals(20, 30, 1), b = normals(40, 30, 2);
  Matrix<float> out(20, 40);
  std::fill_n(out.data(), out.size(), std::numeric_limits<float>::quiet_NaN());
  multiply_transposed(a, b, out);
  for (std::size_t i = 0; i < out.size(); ++i) ASSERT_FALSE(std::isnan(out.data()[i]));
}

TEST(Product, AnElementDoesNotDependOnTheShapeAroundIt) {
  const Matrix<float> a = normals(150, 700, 1), b = normals(90, 700, 2);
  Matrix<float> whole(150, 90);
  multiply_transposed(a, b, whole);
  for (const auto& [i, j] : {std::pair<std::size_t, std::size_t>{0, 0}, {149, 89}, {77, 33}}) {
    Matrix<float> one(1, 1);
    multiply_transposed(a.view().rows_between(i, i + 1), b.view().rows_between(j, j + 1), one);
    EXPECT_EQ(one(0, 0), whole(i, j));
  }
  // Few columns: the rows of `a` are read as they lie.
  for (const std::size_t cols : {1, 5, 16, 17, 32, 33}) {
    for (const std::size_t rows : {11, 12, 150}) {
      Matrix<float> narrow(rows, cols);
      multiply_transposed(a.view().rows_between(0, rows), b.view().rows_between(7, 7 + cols),
                          narrow);
      for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < cols; ++j) ASSERT_EQ(narrow(i, j), whole(i, 7 + j));
      }
    }
  }
}

TEST(Product, IsTheSameForAnyNumberOfThreads) {
  const Matrix<float> a = normals(3000, 50, 1), b = normals(70, 50, 2);
  Matrix<float> one(3000, 70), more(3000, 70);
  Workers alone(1), team(4);
  multiply_transposed(a, b, one, alone);
  multiply_transposed(a, b, more, team);
  for (std::size_t i = 0; i < one.size(); ++i) ASSERT_EQ(one.data()[i], more.data()[i]);
}

TEST(Product, OfNoTermsIsZero) {
  const Matrix<float> a(3, 0), b(4, 0);
  Matrix<float> out = normals(3, 4, 1);
  multiply_transposed(a, b, out);
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out.data()[i], 0.0f);
}

}  // namespace
}  // namespace goldpan
