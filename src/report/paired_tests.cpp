#include "report/paired_tests.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "report/distributions.hpp"

namespace goldpan::report {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) return kNan;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return kNan;
  // Equal values have exactly no spread, whatever rounding did to them or does to their mean.
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  if (*high - *low <= 1e-9 * std::max(std::abs(*low), std::abs(*high))) return 0;
  const double center = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - center) * (value - center);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

PairedTest paired_test(std::span<const double> differences) {
  PairedTest test;
  test.n = differences.size();
  test.mean = mean(differences);
  test.std = standard_deviation(differences);
  if (test.n < 2) {
    test.ci_low = test.ci_high = test.p_value = test.p_wilcoxon = kNan;
    return test;
  }
  const double degrees = static_cast<double>(test.n) - 1;
  const double error = test.std / std::sqrt(static_cast<double>(test.n));
  test.std_error = error;
  test.degrees = degrees;
  const double half_width = student_t_quantile(1 - kAlpha / 2, degrees) * error;
  test.ci_low = test.mean - half_width;
  test.ci_high = test.mean + half_width;
  test.p_wilcoxon = wilcoxon_signed_rank(differences);
  test.p_value =
      test.std > 0 ? 2 * student_t_cdf(-std::abs(test.mean) / error, degrees) : test.p_wilcoxon;
  return test;
}

double CrossedVariance::total() const { return std::max({seeds + items - cells, seeds, items}); }

double CrossedVariance::degrees() const {
  const double s = static_cast<double>(seed_count) - 1, i = static_cast<double>(item_count) - 1;
  const double sum = seeds * seeds / s + items * items / i + cells * cells / (s * i);
  return sum > 0 ? std::max(1.0, total() * total() / sum) : s;
}

CrossedVariance crossed_variance(const std::vector<std::vector<float>>& values) {
  const std::size_t seeds = values.size(), items = values.front().size();
  const auto s = static_cast<double>(seeds), n = static_cast<double>(items);
  std::vector<double> of_seed(seeds, 0.0), of_item(items, 0.0);
  for (std::size_t seed = 0; seed < seeds; ++seed) {
    for (std::size_t item = 0; item < items; ++item) {
      of_seed[seed] += double{values[seed][item]} / n;
      of_item[item] += double{values[seed][item]} / s;
    }
  }
  const double center = mean(of_seed);
  double between_seeds = 0, between_items = 0, rest = 0;
  for (const double value : of_seed) between_seeds += (value - center) * (value - center);
  for (const double value : of_item) between_items += (value - center) * (value - center);
  for (std::size_t seed = 0; seed < seeds; ++seed) {
    for (std::size_t item = 0; item < items; ++item) {
      const double residual = double{values[seed][item]} - of_seed[seed] - of_item[item] + center;
      rest += residual * residual;
    }
  }
  return {between_seeds / ((s - 1) * s), between_items / ((n - 1) * n),
          rest / ((s - 1) * (n - 1) * s * n), seeds, items};
}

PairedTest crossed_test(std::span<const double> differences, const CrossedVariance& variance) {
  PairedTest test = paired_test(differences);
  const double total = variance.total();
  if (test.n < 2 || !(total > 0)) return test;
  test.std_error = std::sqrt(total);
  test.degrees = variance.degrees();
  test.std_error_items = std::sqrt(std::max(0.0, variance.items - variance.cells));
  const double half_width = student_t_quantile(1 - kAlpha / 2, test.degrees) * test.std_error;
  test.ci_low = test.mean - half_width;
  test.ci_high = test.mean + half_width;
  test.p_value = 2 * student_t_cdf(-std::abs(test.mean) / test.std_error, test.degrees);
  return test;
}

double wilcoxon_signed_rank(std::span<const double> differences) {
  std::vector<double> values;
  std::copy_if(differences.begin(), differences.end(), std::back_inserter(values),
               [](double value) { return value != 0; });
  if (values.empty()) return 1;
  std::sort(values.begin(), values.end(),
            [](double a, double b) { return std::abs(a) < std::abs(b); });
  // Twice the ranks, so that shared ranks are whole numbers.
  std::vector<std::size_t> ranks(values.size());
  std::size_t positive = 0;
  for (std::size_t first = 0; first < values.size();) {
    std::size_t last = first;
    while (last + 1 < values.size() && std::abs(values[last + 1]) == std::abs(values[first]))
      ++last;
    for (std::size_t i = first; i <= last; ++i) {
      ranks[i] = first + last + 2;
      if (values[i] > 0) positive += ranks[i];
    }
    first = last + 1;
  }
  const std::size_t total = values.size() * (values.size() + 1);
  // chance[s] = probability that the positive ranks sum to s when every sign is a fair coin.
  std::vector<double> chance(total + 1, 0.0);
  chance[0] = 1;
  std::size_t reached = 0;
  for (const std::size_t rank : ranks) {
    reached += rank;
    for (std::size_t sum = reached + 1; sum-- > 0;) {
      chance[sum] = 0.5 * (chance[sum] + (sum >= rank ? chance[sum - rank] : 0.0));
    }
  }
  const std::size_t smaller = std::min(positive, total - positive);
  const double tail =
      std::accumulate(chance.begin(), chance.begin() + static_cast<long>(smaller) + 1, 0.0);
  return std::min(1.0, 2 * tail);
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    if (!std::isnan(p_values[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size(), kNan);
  double largest = 0;
  for (std::size_t place = 0; place < order.size(); ++place) {
    const double scaled = p_values[order[place]] * static_cast<double>(order.size() - place);
    largest = std::max(largest, std::min(1.0, scaled));
    adjusted[order[place]] = largest;
  }
  return adjusted;
}

double power_of(double mean, double std_error, double degrees, double alpha) {
  return t_power(mean / std_error, degrees, alpha);
}

std::size_t seeds_needed(double mean, double std, double alpha, double std_error_items) {
  constexpr std::size_t kMost = 10000;
  if (!(std > 0) || !(std::abs(mean) > 0)) return 0;
  const double lasting = std::isfinite(std_error_items) ? std_error_items * std_error_items : 0;
  const auto enough = [&](std::size_t n) {
    const auto count = static_cast<double>(n);
    // Seeds' own scatter holds the test set's noise once a seed already.
    const double error = std::sqrt(std * std / count + lasting);
    return power_of(mean, error, count - 1, alpha) >= kPower;
  };
  std::size_t high = 2;
  while (high < kMost && !enough(high)) high *= 2;
  high = std::min(high, kMost);
  if (!enough(high)) return 0;
  std::size_t low = std::max<std::size_t>(1, high / 2);  // too few, or fewer than a test takes
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

std::string verdict(double mean, double p_value, std::size_t seeds) {
  if (p_value < kAlpha) return mean > 0 ? "better" : "worse";
  return fmt::format("not shown with {} seed{}", seeds, seeds == 1 ? "" : "s");
}

}  // namespace goldpan::report
