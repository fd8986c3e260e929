#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace goldpan::report {

/// The level of every test and of the intervals (two-sided).
inline constexpr double kAlpha = 0.05;
/// The power that `seeds_needed` asks for.
inline constexpr double kPower = 0.8;

double mean(std::span<const double> values);
/// Standard deviation with n - 1; NaN for fewer than two values.
double standard_deviation(std::span<const double> values);

/// What n paired differences say about their mean. NaN where n is too small to say it.
struct PairedTest {
  std::size_t n = 0;
  double mean = 0;
  double std = 0;     ///< n - 1
  double ci_low = 0;  ///< 95 % interval of the mean (Student's t)
  double ci_high = 0;
  double p_value = 1;     ///< two-sided paired t-test
  double p_wilcoxon = 1;  ///< two-sided signed-rank test, exact
};

/// Tests differences against 0. Without any spread the t statistic is undefined, so that there
/// p_value is Wilcoxon's: three equal differences are no proof.
PairedTest paired_test(std::span<const double> differences);

/// Wilcoxon's signed-rank test, two-sided: zeros are dropped, ties share ranks, and the p-value is
/// exact given the ranks (all 2^n signs counted by dynamic programming). 1 if nothing is left.
double wilcoxon_signed_rank(std::span<const double> differences);

/// Holm's step-down correction: adjusted p-values in the given order. NaN stands outside the family
/// and stays NaN.
std::vector<double> holm(std::span<const double> p_values);

/// The smallest number of pairs with which a two-sided paired t-test at level `alpha` finds a true
/// effect of mean / std with probability kPower; 0 if there is no such number up to 10,000.
std::size_t seeds_needed(double mean, double std, double alpha);

/// "better", "worse" or "not shown with 3 seeds", by the (corrected) p-value.
std::string verdict(double mean, double p_value, std::size_t seeds);

}  // namespace goldpan::report
