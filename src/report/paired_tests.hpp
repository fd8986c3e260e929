#pragma once

#include <cstddef>
#include <limits>
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
  double p_value = 1;           ///< two-sided paired t-test
  double p_wilcoxon = 1;        ///< two-sided signed-rank test over the n, exact
  double std_error = kUnknown;  ///< of the mean
  double degrees = kUnknown;    ///< of freedom of std_error
  /// The part of std_error that no further seed takes away: the test set's own. NaN if not known.
  double std_error_items = kUnknown;

  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
};

/// The variance of a mean over seeds x test items, split by its sources.
struct CrossedVariance {
  double seeds = 0;  ///< of the mean over seeds, as they vary
  double items = 0;  ///< of the mean over items, as they vary
  double cells = 0;  ///< what both of them count: the part of each cell alone
  std::size_t seed_count = 0, item_count = 0;

  /// seeds + items - cells, not below either: what neither of the two can explain away.
  double total() const;
  /// Satterthwaite's degrees of freedom of total().
  double degrees() const;
};

/// The variance of the mean of values[seed][item] where seeds and items are both drawn at random:
/// the mean squares of a two-way layout (a crossed random effects model; as in Cameron, Gelbach &
/// Miller 2011, with moments in the place of asymptotics). Requires: two seeds and two items at
/// least, rows of equal length.
CrossedVariance crossed_variance(const std::vector<std::vector<float>>& values);

/// Tests differences (one a seed) against 0 with the standard error sqrt(variance.total()): the
/// error of seeds and that of test items are both in it. Units of the variance are those of the
/// differences, squared.
PairedTest crossed_test(std::span<const double> differences, const CrossedVariance& variance);

/// Tests differences against 0. Without any spread the t statistic is undefined, so that there
/// p_value is Wilcoxon's: three equal differences are no proof.
PairedTest paired_test(std::span<const double> differences);

/// Wilcoxon's signed-rank test, two-sided: zeros are dropped, ties share ranks, and the p-value is
/// exact given the ranks (all 2^n signs counted by dynamic programming). 1 if nothing is left.
double wilcoxon_signed_rank(std::span<const double> differences);

/// Holm's step-down correction: adjusted p-values in the given order. NaN stands outside the family
/// and stays NaN.
std::vector<double> holm(std::span<const double> p_values);

/// The smallest number of seeds with which a two-sided paired test at level `alpha` finds a true
/// effect of `mean` with probability kPower, where seeds scatter by `std` and std_error_items stays
/// however many there are; 0 if there is no such number up to 10,000.
std::size_t seeds_needed(double mean, double std, double alpha, double std_error_items = 0);

/// The probability that a two-sided test at level `alpha` shows a true effect of `mean`, given its
/// standard error and the degrees of freedom of that.
double power_of(double mean, double std_error, double degrees, double alpha);

/// "better", "worse" or "not shown with 3 seeds", by the (corrected) p-value.
std::string verdict(double mean, double p_value, std::size_t seeds);

}  // namespace goldpan::report
