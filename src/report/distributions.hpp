#pragma once

#include <cstddef>

// The few probability distributions that the report's statistics need, by Boost.Math.
namespace goldpan::report {

/// P(Z <= x) of the standard normal distribution.
double normal_cdf(double x);

/// P(T <= x) of Student's t distribution. Requires: degrees > 0. `x` may be infinite.
double student_t_cdf(double x, double degrees);

/// The x with P(T <= x) = probability. Requires: 0 < probability < 1 and degrees > 0.
double student_t_quantile(double probability, double degrees);

/// The power of a two-sided paired t-test at level `alpha` over n pairs whose true mean difference
/// is `effect` standard deviations: P(|T'| > critical value), T' noncentral t with n - 1 degrees of
/// freedom and noncentrality effect sqrt(n). Requires: n >= 2, 0 < alpha < 1.
double paired_t_power(double effect, std::size_t n, double alpha);

/// The same by noncentrality and degrees of freedom.
double t_power(double noncentrality, double degrees, double alpha);

}  // namespace goldpan::report
