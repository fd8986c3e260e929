#include "report/monotone_curve.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace goldpan::report {
namespace {

// The one-sided three-point slope at an end, limited so that the cubic stays monotone.
double end_slope(double h0, double h1, double d0, double d1) {
  const double slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
  if (slope * d0 <= 0) return 0;
  if (d0 * d1 <= 0 && std::abs(slope) > 3 * std::abs(d0)) return 3 * d0;
  return slope;
}

}  // namespace

std::vector<double> ascending_fit(std::span<const double> values) {
  struct Block {
    double sum;
    std::size_t count;
    double mean() const { return sum / static_cast<double>(count); }
  };
  std::vector<Block> blocks;
  for (const double value : values) {
    blocks.push_back({value, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() > blocks.back().mean()) {
      const Block last = blocks.back();
      blocks.pop_back();
      blocks.back().sum += last.sum;
      blocks.back().count += last.count;
    }
  }
  std::vector<double> fit;
  for (const Block& block : blocks) fit.insert(fit.end(), block.count, block.mean());
  return fit;
}

MonotoneCurve::MonotoneCurve(std::span<const double> labels, std::span<const double> accuracies)
    : y_(ascending_fit(accuracies)) {
  for (const double count : labels) x_.push_back(std::log(count));
  const std::size_t n = x_.size();
  slope_.assign(n, 0.0);
  if (n < 2) return;
  std::vector<double> width(n - 1);
  std::vector<double> rise(n - 1);
  for (std::size_t i = 0; i + 1 < n; ++i) {
    width[i] = x_[i + 1] - x_[i];
    rise[i] = (y_[i + 1] - y_[i]) / width[i];
  }
  if (n == 2) {
    slope_[0] = slope_[1] = rise[0];
    return;
  }
  for (std::size_t i = 1; i + 1 < n; ++i) {
    if (rise[i - 1] * rise[i] <= 0) continue;
    const double before = 2 * width[i] + width[i - 1];
    const double after = width[i] + 2 * width[i - 1];
    slope_[i] = (before + after) / (before / rise[i - 1] + after / rise[i]);
  }
  slope_[0] = end_slope(width[0], width[1], rise[0], rise[1]);
  slope_[n - 1] = end_slope(width[n - 2], width[n - 3], rise[n - 2], rise[n - 3]);
}

double MonotoneCurve::at(std::size_t interval, double x) const {
  const double h = x_[interval + 1] - x_[interval];
  const double t = (x - x_[interval]) / h;
  const double u = 1 - t;
  return y_[interval] * u * u * (1 + 2 * t) + y_[interval + 1] * t * t * (3 - 2 * t) +
         h * slope_[interval] * t * u * u - h * slope_[interval + 1] * t * t * u;
}

double MonotoneCurve::accuracy(double labels) const {
  const double x = std::log(labels);
  if (x <= x_.front()) return y_.front();
  if (x >= x_.back()) return y_.back();
  const std::size_t interval = std::upper_bound(x_.begin(), x_.end(), x) - x_.begin() - 1;
  return at(interval, x);
}

double MonotoneCurve::labels_for(double accuracy) const {
  const auto reached = std::lower_bound(y_.begin(), y_.end(), accuracy);
  if (reached == y_.end()) return std::numeric_limits<double>::quiet_NaN();
  if (reached == y_.begin()) return std::exp(x_.front());
  if (*reached == accuracy) return std::exp(x_[reached - y_.begin()]);
  const std::size_t interval = reached - y_.begin() - 1;
  double low = x_[interval];
  double high = x_[interval + 1];
  for (int step = 0; step < 100; ++step) {
    const double middle = low + (high - low) / 2;
    (at(interval, middle) < accuracy ? low : high) = middle;
  }
  return std::exp(high);
}

}  // namespace goldpan::report
