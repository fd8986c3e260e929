#include "kernels/contraction.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace goldpan {
namespace {

/// Rows whose variance falls quickly with the dimension, away from the origin.
Matrix<float> falling(std::size_t rows, std::size_t dims) {
  Generator generator(rows);
  Matrix<float> x(rows, dims);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t d = 0; d < dims; ++d) {
      x(i, d) = 10.0f + static_cast<float>(generator.normal() / (1.0 + static_cast<double>(d)));
    }
  }
  return x;
}

double distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) sum += (double{a[d]} - b[d]) * (double{a[d]} - b[d]);
  return std::sqrt(sum);
}

TEST(Contraction, NeverLengthensADistanceAndKeepsMostOfIt) {
  for (const std::size_t dims : {2, 5, 8}) {
    const Matrix<float> x = falling(200, 40);
    const Contraction contraction(x, dims, Generator(1));
    ASSERT_EQ(contraction.dims(), dims);
    Matrix<float> f(200, dims);
    contraction.apply(x, f);
    double kept = 0, all = 0;
    for (std::size_t i = 0; i < 200; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const double shorter = distance(f.row(i), f.row(j)), full = distance(x.row(i), x.row(j));
        EXPECT_LE(shorter, full + 1e-4);
        kept += shorter * shorter;
        all += full * full;
      }
    }
    EXPECT_GT(kept, (dims == 2 ? 0.55 : 0.85) * all) << dims;
  }
}

TEST(Contraction, RowsOnALineAndConstantRows) {
  Matrix<float> x(20, 6);
  for (std::size_t i = 0; i < 20; ++i) {
    for (std::size_t d = 0; d < 6; ++d) x(i, d) = static_cast<float>(i * d);
  }
  const Contraction line(x, 4, Generator(0));  // more directions than there are
  Matrix<float> f(20, 4);
  line.apply(x, f);
  EXPECT_NEAR(distance(f.row(3), f.row(17)), distance(x.row(3), x.row(17)), 1e-3);

  const Matrix<float> zeros(20, 6);
  Contraction(zeros, 4, Generator(0)).apply(zeros, f);
  for (std::size_t i = 0; i < f.size(); ++i) EXPECT_EQ(f.data()[i], 0.0f);
}

}  // namespace
}  // namespace goldpan
