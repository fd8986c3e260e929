#include "kernels/row_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

#include "reference/uncertainty.hpp"

namespace goldpan {
namespace {

/// Rows of probabilities, sharp and flat ones, with zeros among them.
Matrix<float> random_probabilities(std::size_t rows, std::size_t cols, std::size_t groups = 1) {
  Generator generator(rows * 1000 + cols);
  Matrix<float> p(rows, cols * groups);
  for (std::size_t r = 0; r < rows * groups; ++r) {
    float* const row = p.data() + r * cols;
    const double sharpness = 4 * generator.uniform();
    double sum = 0;
    for (std::size_t c = 0; c < cols; ++c) {
      row[c] = generator.below(5) == 0
                   ? 0.0f
                   : static_cast<float>(std::exp(sharpness * generator.normal()));
      sum += row[c];
    }
    if (sum == 0) row[0] = 1.0f, sum = 1;
    for (std::size_t c = 0; c < cols; ++c) row[c] = static_cast<float>(row[c] / sum);
  }
  return p;
}

class Columns : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(NarrowAndWide, Columns,
                         testing::Values(1, 2, 3, 7, 10, 31, 32, 33, 64, 100, 1003));

TEST_P(Columns, EntropiesMatchTheDefinition) {
  const std::size_t cols = GetParam();
  for (const std::size_t rows : {1, 2, 15, 16, 17, 100}) {
    const Matrix<float> p = random_probabilities(rows, cols);
    std::vector<double> out(rows);
    row_entropies(p, out);
    for (std::size_t r = 0; r < rows; ++r) {
      EXPECT_NEAR(out[r], reference::entropy(p.row(r)), 3e-7 * std::log(cols + 1)) << r;
    }
  }
}

TEST_P(Columns, TwoLargestMatchSorting) {
  const std::size_t cols = GetParam();
  for (const std::size_t rows : {1, 16, 37}) {
    const Matrix<float> p = random_probabilities(rows, cols);
    std::vector<float> largest(rows), second(rows);
    row_two_largest(p, largest, second);
    for (std::size_t r = 0; r < rows; ++r) {
      std::vector<float> sorted(p.row(r).begin(), p.row(r).end());
      std::sort(sorted.rbegin(), sorted.rend());
      EXPECT_EQ(largest[r], sorted[0]) << r;
      EXPECT_EQ(second[r], cols > 1 ? sorted[1] : 0.0f) << r;
    }
  }
}

TEST_P(Columns, MutualInformationMatchesTheDefinition) {
  const std::size_t classes = GetParam();
  for (const std::size_t passes : {1, 2, 20}) {
    const Matrix<float> p = random_probabilities(19, classes, passes);
    std::vector<double> out(19);
    row_mutual_information(p, classes, out);
    for (std::size_t r = 0; r < 19; ++r) {
      EXPECT_NEAR(out[r], reference::mutual_information(p.row(r), classes), 1e-6) << r;
      EXPECT_GE(out[r], 0.0);
    }
  }
}

TEST_P(Columns, PermutedRowsTie) {
  const std::size_t cols = GetParam();
  const Matrix<float> one = random_probabilities(1, cols);
  Matrix<float> p(50, cols);
  Generator generator(cols);
  for (std::size_t r = 0; r < 50; ++r) {
    std::copy_n(one.data(), cols, p.row(r).data());
    generator.shuffle(p.row(r));
  }
  std::vector<double> out(50);
  row_entropies(p, out);
  for (const double value : out) EXPECT_EQ(value, out[0]);
}

TEST(RowStatistics, KnownEntropies) {
  Matrix<float> p(4, 4);
  p(0, 2) = 1.0f;                                       // certain: 0, where 0 ln 0 = 0
  for (std::size_t c = 0; c < 4; ++c) p(1, c) = 0.25f;  // ln 4
  p(2, 0) = p(2, 3) = 0.5f;                             // ln 2
  p(3, 0) = 1.0f, p(3, 1) = 1e-40f;                     // subnormal: no infinity
  std::vector<double> out(4);
  row_entropies(p, out);
  EXPECT_EQ(out[0], 0.0);
  EXPECT_NEAR(out[1], std::log(4.0), 1e-7);
  EXPECT_NEAR(out[2], std::log(2.0), 1e-7);
  EXPECT_NEAR(out[3], 0.0, 1e-30);
}

TEST(RowStatistics, PassesThatAgreeCarryNoInformation) {
  const Matrix<float> one = random_probabilities(1, 10);
  for (const std::size_t passes : {1, 2, 7, 20}) {
    Matrix<float> p(1, 10 * passes);
    for (std::size_t k = 0; k < passes; ++k) std::copy_n(one.data(), 10, p.data() + 10 * k);
    std::vector<double> out(1);
    row_mutual_information(p, 10, out);
    EXPECT_NEAR(out[0], 0.0, 1e-15) << passes;
  }
}

TEST(RowStatistics, CertainPassesThatDisagreeCarryTheirNumberOfClasses) {
  const std::vector<float> p = {1, 0, 0, 0, 1, 0, 0, 0, 1};  // three passes, three classes
  std::vector<double> out(1);
  row_mutual_information(MatrixView<const float>(p.data(), 1, 9), 3, out);
  EXPECT_NEAR(out[0], std::log(3.0), 1e-7);
}

TEST(RowStatistics, NoRows) {
  row_entropies(MatrixView<const float>(nullptr, 0, 5), {});
  row_two_largest(MatrixView<const float>(nullptr, 0, 5), {}, {});
  row_mutual_information(MatrixView<const float>(nullptr, 0, 10), 5, {});
}

}  // namespace
}  // namespace goldpan
