#include "models/lbfgs.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace goldpan {
namespace {

TEST(Lbfgs, SolvesAQuadraticOfAnyScale) {
  std::vector<float> x(30, 1.0f);
  const LbfgsResult result = minimize_lbfgs(
      [](std::span<const float> at, std::span<float> gradient) {
        double value = 0;
        for (std::size_t i = 0; i < at.size(); ++i) {
          const double scale = 1.0 + 10.0 * static_cast<double>(i);
          const double distance = at[i] - static_cast<double>(i);
          value += scale * distance * distance / 2;
          gradient[i] = static_cast<float>(scale * distance);
        }
        return value;
      },
      x, {.tolerance = 1e-10});
  EXPECT_TRUE(result.converged);
  EXPECT_LT(result.evaluations, 60);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], static_cast<float>(i), 1e-4);
}

TEST(Lbfgs, StartsAtTheMinimum) {
  std::vector<float> x = {0.0f};
  const LbfgsResult result = minimize_lbfgs(
      [](std::span<const float> at, std::span<float> gradient) {
        gradient[0] = 2 * at[0];
        return double{at[0]} * double{at[0]};
      },
      x, {});
  EXPECT_TRUE(result.converged);
  EXPECT_EQ(result.evaluations, 1);
}

TEST(Lbfgs, BacktracksFromStepsThatAreTooLong) {
  // |x|^1.5: its curvature grows without bound towards the minimum.
  std::vector<float> x = {30.0f};
  const LbfgsResult result = minimize_lbfgs(
      [](std::span<const float> at, std::span<float> gradient) {
        const double size = std::abs(double{at[0]});
        gradient[0] = static_cast<float>((at[0] < 0 ? -1.5 : 1.5) * std::sqrt(size));
        return size * std::sqrt(size);
      },
      x, {.max_evaluations = 200, .tolerance = 1e-6});
  EXPECT_NEAR(result.value, 0, 1e-3);
}

TEST(Lbfgs, SaysWhereItStopped) {
  std::vector<float> x = {1.0f};
  const LbfgsResult result = minimize_lbfgs(
      [](std::span<const float> at, std::span<float> gradient) {  // no minimum
        gradient[0] = -1;
        return -double{at[0]};
      },
      x, {.max_evaluations = 10});
  EXPECT_FALSE(result.converged);
  EXPECT_GE(result.evaluations, 10);
}

}  // namespace
}  // namespace goldpan
