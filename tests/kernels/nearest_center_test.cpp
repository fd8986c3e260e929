#include "kernels/nearest_center.hpp"

#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

TEST(NearestCenter, MatchesALoop) {
  for (const std::size_t centers : {1, 2, 7, 15, 16, 17, 31, 64, 100}) {
    Generator generator(centers);
    Matrix<float> dots(33, centers);
    std::vector<float> norms(centers), value(33);
    // Small integers: exact, and full of ties.
    for (std::size_t i = 0; i < dots.size(); ++i)
      dots.data()[i] = static_cast<float>(generator.below(5));
    for (float& norm : norms) norm = static_cast<float>(generator.below(5));
    std::vector<std::uint32_t> nearest(33);
    nearest_centers(dots, norms, nearest, value);
    for (std::size_t r = 0; r < 33; ++r) {
      std::size_t best = 0;
      const auto of = [&](std::size_t c) { return norms[c] - 2 * dots(r, c); };
      for (std::size_t c = 1; c < centers; ++c) best = of(c) < of(best) ? c : best;
      EXPECT_EQ(nearest[r], best) << centers << " " << r;
      EXPECT_EQ(value[r], of(best));
    }
  }
}

TEST(NearestCenter, SquaredNorms) {
  for (const std::size_t dims : {1, 15, 16, 31, 32, 33, 100}) {
    Matrix<float> rows(2, dims);
    float expected = 0;
    for (std::size_t d = 0; d < dims; ++d) {
      rows(1, d) = static_cast<float>(d % 7) - 3;
      expected += rows(1, d) * rows(1, d);
    }
    std::vector<float> norms(2);
    squared_norms(rows, norms);
    EXPECT_EQ(norms[0], 0.0f);
    EXPECT_EQ(norms[1], expected);
  }
}

}  // namespace
}  // namespace goldpan
