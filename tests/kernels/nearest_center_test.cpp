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

      std::vector<std::uint32_t> expected, found(centers);
      for (std::size_t c = 0; c < centers; ++c) {
        if (of(c) <= 0) expected.push_back(static_cast<std::uint32_t>(c));
      }
      found.resize(centers_within(dots.row(r), norms, 0.0f, found));
      EXPECT_EQ(found, expected);
    }
  }
}

}  // namespace
}  // namespace goldpan
