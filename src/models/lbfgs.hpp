#pragma once

#include <functional>
#include <span>

namespace goldpan {

struct LbfgsOptions {
  int memory = 10;  ///< pairs of steps and gradient changes kept
  int max_evaluations = 200;
  /// Converged once the decrease that the quadratic model still promises is below this. It means
  /// what it says where the variables are scaled so that the Hessian is near the identity.
  double tolerance = 1e-6;
};

struct LbfgsResult {
  double value = 0;  ///< of the function at the minimum found
  int evaluations = 0;
  bool converged = false;
};

/// Minimises a smooth function from x, in place: L-BFGS (Liu and Nocedal 1989) with a backtracking
/// line search, which convex functions are content with. `function` writes the gradient at x and
/// returns the value. Steps and gradients are float, sums over them double.
LbfgsResult minimize_lbfgs(
    const std::function<double(std::span<const float> x, std::span<float> gradient)>& function,
    std::span<float> x, const LbfgsOptions& options);

}  // namespace goldpan
