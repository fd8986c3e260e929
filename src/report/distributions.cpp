#include "report/distributions.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace goldpan::report {
namespace {

// The continued fraction of the incomplete beta function by Lentz's method; it converges fast for
// x < (a + 1) / (a + b + 2), which the caller sees to.
double beta_continued_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kMaxTerms = 10000;
  const auto guarded = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / guarded(1 - (a + b) * x / (a + 1));
  double result = d;
  for (int m = 1; m <= kMaxTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guarded(1 + even * d);
    c = guarded(1 + even / c);
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guarded(1 + odd * d);
    c = guarded(1 + odd / c);
    const double change = d * c;
    result *= change;
    if (std::abs(change - 1) < std::numeric_limits<double>::epsilon()) break;
  }
  return result;
}

double regularized_incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_continued_fraction(a, b, x) / a;
  return 1 - front * beta_continued_fraction(b, a, 1 - x) / b;
}

}  // namespace

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double student_t_cdf(double x, double degrees) {
  if (std::isinf(x)) return x > 0 ? 1 : 0;
  const double tail =
      0.5 * regularized_incomplete_beta(degrees / 2, 0.5, degrees / (degrees + x * x));
  return x > 0 ? 1 - tail : tail;
}

double student_t_quantile(double probability, double degrees) {
  if (probability == 0.5) return 0;
  // By symmetry the lower tail is solved, where the distribution function keeps its precision.
  const double tail = probability < 0.5 ? probability : 1 - probability;
  double low = -1;
  while (student_t_cdf(low, degrees) > tail) low *= 2;
  double high = 0;
  for (int step = 0; step < 200 && low < high; ++step) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (student_t_cdf(middle, degrees) > tail ? high : low) = middle;
  }
  const double x = low + (high - low) / 2;
  return probability < 0.5 ? x : -x;
}

double paired_t_power(double effect, std::size_t n, double alpha) {
  const double degrees = static_cast<double>(n) - 1;
  const double critical = student_t_quantile(1 - alpha / 2, degrees);
  const double shift = std::abs(effect) * std::sqrt(static_cast<double>(n));
  // T' = (Z + shift) / s with s = chi / sqrt(degrees): integrate the normal tail over s's density,
  // which beyond ten standard deviations around 1 holds less than 1e-15.
  const double spread = 10 / std::sqrt(2 * degrees);
  const double from = std::max(0.0, 1 - spread);
  const double to = 1 + spread;
  const double log_scale =
      std::log(2.0) + degrees / 2 * std::log(degrees / 2) - std::lgamma(degrees / 2);
  const auto integrand = [&](double s) {
    const double log_power = degrees == 1 ? 0 : (degrees - 1) * std::log(s);
    const double density = std::exp(log_scale + log_power - degrees * s * s / 2);
    return density * (normal_cdf(shift - critical * s) + normal_cdf(-shift - critical * s));
  };
  constexpr int kIntervals = 600;  // Simpson's rule; even
  const double width = (to - from) / kIntervals;
  double sum = 0;
  for (int i = 0; i <= kIntervals; ++i) {
    const double weight = i == 0 || i == kIntervals ? 1 : i % 2 == 1 ? 4 : 2;
    sum += weight * integrand(from + i * width);
  }
  return sum * width / 3;
}

}  // namespace goldpan::report
