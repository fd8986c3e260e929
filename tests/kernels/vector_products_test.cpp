#include "kernels/vector_products.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace goldpan {
namespace {

TEST(VectorProducts, MatchLoopsAtEveryLength) {
  for (const std::size_t dims : {1, 7, 15, 16, 17, 31, 33, 63, 64, 65, 100}) {
    Matrix<float> rows(2, dims);  // small integers: exact
    std::vector<float> vector(dims);
    float norm = 0, dot = 0;
    for (std::size_t d = 0; d < dims; ++d) {
      rows(1, d) = static_cast<float>(d % 7) - 3;
      vector[d] = static_cast<float>(d % 5) - 1;
      norm += rows(1, d) * rows(1, d);
      dot += rows(1, d) * vector[d];
    }
    std::vector<float> out(2);
    squared_norms(rows, out);
    EXPECT_EQ(out, (std::vector<float>{0, norm}));
    dot_rows(rows, vector, out);
    EXPECT_EQ(out, (std::vector<float>{0, dot}));
    dot_pairs(rows, rows, out);
    EXPECT_EQ(out, (std::vector<float>{0, norm}));

    std::vector<double> sums(dims, 0.5);
    add_row(rows.row(1), sums);
    for (std::size_t d = 0; d < dims; ++d) EXPECT_EQ(sums[d], 0.5 + rows(1, d));
  }
}

}  // namespace
}  // namespace goldpan
