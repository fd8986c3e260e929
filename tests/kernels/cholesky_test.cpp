#include "kernels/cholesky.hpp"

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

TEST(Cholesky, MakesTheQuadraticFormTheIdentity) {
  Generator generator(1);
  for (const std::size_t n : {1, 2, 31, 32, 33, 64, 100}) {
    Matrix<float> rows(2 * n, n), a(n, n);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows.data()[i] = static_cast<float>(generator.normal());
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t k = 0; k < 2 * n; ++k) a(i, j) += rows(k, i) * rows(k, j);
      }
    }
    Matrix<float> t = a;
    ASSERT_TRUE(invert_cholesky_factor(t));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < i; ++j) EXPECT_EQ(t(i, j), 0);
    }
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = 0; q < n; ++q) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
          for (std::size_t j = 0; j < n; ++j) {
            sum += double{t(i, p)} * double{a(i, j)} * double{t(j, q)};
          }
        }
        EXPECT_NEAR(sum, p == q ? 1 : 0, 1e-3);
      }
    }
  }
}

TEST(Cholesky, SaysWhatIsNotPositiveDefinite) {
  Matrix<float> a(2, 2);
  a(0, 0) = 1;
  a(0, 1) = a(1, 0) = 2;
  a(1, 1) = 1;
  EXPECT_FALSE(invert_cholesky_factor(a));
  Matrix<float> zero(40, 40);
  EXPECT_FALSE(invert_cholesky_factor(zero));
}

}  // namespace
}  // namespace goldpan
