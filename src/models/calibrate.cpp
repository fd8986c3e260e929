#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/models/calibrate.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kTenths = 10;
constexpr std::uint32_t kTests = 5;
// ln T on a grid from 1/20 to 20, then a parabola through the best three.
constexpr std::size_t kGrid = 61;
const double kLargest = std::log(20.0);
const double kStep = 2 * kLargest / (kGrid - 1);

double log_temperature(std::size_t g) { return kStep * static_cast<double>(g) - kLargest; }

/// The negative log-likelihood of a label under softmax(logits / T), in nats.
double loss_of(std::span<const float> logits, std::int32_t label, double log_temperature) {
  const double b = std::exp(-log_temperature);
  const double top = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float z : logits) sum += std::exp(b * (z - top));
  return std::log(sum) - b * (logits[static_cast<std::size_t>(label)] - top);
}

/// The losses of rows at every temperature of the grid: summed over any subset they give its fit.
class Losses {
 public:
  Losses(MatrixView<const float> logits, std::span<const std::int32_t> labels)
      : values_(labels.size(), kGrid) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      for (std::size_t g = 0; g < kGrid; ++g) {
        values_(i, g) = loss_of(logits.row(i), labels[i], log_temperature(g));
      }
    }
  }

  /// ln T of the smallest loss plus penalty over the rows for which `wanted` holds.
  template <typename Wanted>
  double fit(double penalty, const Wanted& wanted) const {
    std::vector<double> sums(kGrid);
    for (std::size_t g = 0; g < kGrid; ++g) {
      sums[g] = penalty * log_temperature(g) * log_temperature(g);
    }
    for (std::size_t i = 0; i < values_.rows(); ++i) {
      if (!wanted(i)) continue;
      for (std::size_t g = 0; g < kGrid; ++g) sums[g] += values_(i, g);
    }
    const auto best = static_cast<std::size_t>(std::ranges::min_element(sums) - sums.begin());
    if (best == 0 || best + 1 == kGrid) return log_temperature(best);
    const double left = sums[best - 1], here = sums[best], right = sums[best + 1];
    const double curvature = left - 2 * here + right;
    const double shift = curvature > 0 ? 0.5 * (left - right) / curvature : 0.0;
    return log_temperature(best) + kStep * std::clamp(shift, -1.0, 1.0);
  }

 private:
  Matrix<double> values_;
};

void check(std::span<const std::int32_t> labels, std::size_t rows, std::size_t classes) {
  if (labels.size() != rows) {
    throw Error("calibrate",
                fmt::format("got {} labels for {} rows, expected one a row", labels.size(), rows));
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes) {
      throw Error("calibrate", fmt::format("got label {} at position {}, expected 0 to {}",
                                           labels[i], i, classes - 1));
    }
  }
}

/// The tenth of each row, 0 to 9, by whole groups, the largest groups dealt out first.
std::vector<std::uint32_t> deal_tenths(std::size_t rows, std::span<const std::uint32_t> groups,
                                       Generator generator) {
  std::vector<std::vector<std::size_t>> parts;
  if (groups.empty()) {
    for (std::size_t i = 0; i < rows; ++i) parts.push_back({i});
  } else {
    std::map<std::uint32_t, std::vector<std::size_t>> by_group;
    for (std::size_t i = 0; i < rows; ++i) by_group[groups[i]].push_back(i);
    for (auto& [group, members] : by_group) parts.push_back(std::move(members));
  }
  std::vector<Index> order(parts.size());
  std::iota(order.begin(), order.end(), Index{0});
  order = generator.sample(order, order.size());
  std::ranges::stable_sort(order, std::greater<>(), [&](Index p) { return parts[p].size(); });
  std::vector<std::uint32_t> tenths(rows);
  std::vector<std::size_t> sizes(kTenths, 0);
  for (const Index part : order) {
    const auto smallest = std::ranges::min_element(sizes);
    for (const std::size_t i : parts[part]) {
      tenths[i] = static_cast<std::uint32_t>(smallest - sizes.begin());
    }
    *smallest += parts[part].size();
  }
  return tenths;
}

}  // namespace

Calibration calibrate_held_out(MatrixView<const float> logits, std::span<const std::int32_t> labels,
                               std::span<const std::uint32_t> folds,
                               const CalibrateOptions& options) {
  check(labels, logits.rows(), logits.cols());
  if (folds.size() != labels.size()) {
    throw Error("calibrate", fmt::format("got {} folds for {} labels, expected one a label",
                                         folds.size(), labels.size()));
  }
  for (std::size_t i = 0; i < logits.rows(); ++i) {
    for (const float logit : logits.row(i)) {
      if (std::isfinite(logit)) continue;
      throw Error(
          "calibrate",
          fmt::format("got a NaN or an infinity in row {} of the logits, expected numbers", i));
    }
  }
  Calibration result;
  result.held_out = labels.size();
  if (labels.empty()) return result;
  const Losses losses(logits, labels);
  const double penalty = 0.5 / (options.prior_deviation * options.prior_deviation);
  const auto all = [](std::size_t) { return true; };
  const double asked = losses.fit(0.0, all), shrunk = losses.fit(penalty, all);
  result.fitted = static_cast<float>(std::exp(asked));
  if (std::abs(asked) >= kLargest - kStep / 2) {
    result.notes.push_back(fmt::format(
        "temperature: {} held-out labels ask for {:.3g}, the end of the range; shrunk to {:.3g}",
        labels.size(), result.fitted, std::exp(shrunk)));
  }

  // What the temperature does to labels that it was not fitted to.
  double sum = 0, squares = 0;
  for (std::uint32_t test = 0; test < kTests; ++test) {
    const double fit =
        losses.fit(penalty, [&](std::size_t i) { return folds[i] % kTests != test; });
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (folds[i] % kTests != test) continue;
      const double gain =
          loss_of(logits.row(i), labels[i], 0.0) - loss_of(logits.row(i), labels[i], fit);
      sum += gain;
      squares += gain * gain;
    }
  }
  const auto n = static_cast<double>(labels.size());
  result.gain = sum / n;
  result.gain_error =
      n > 1 ? std::sqrt(std::max(0.0, squares / n - result.gain * result.gain) / (n - 1)) : 0.0;
  result.helps = n > 1 && result.gain > 0 && result.gain > options.least_gain * result.gain_error;
  if (result.helps) {
    result.temperature = static_cast<float>(std::exp(shrunk));
  } else {
    result.notes.push_back(
        fmt::format("no temperature: {} held-out labels do not show that {:.3g} helps",
                    labels.size(), std::exp(shrunk)));
  }
  return result;
}

Calibration calibrate(std::span<const Index> rows, std::span<const std::int32_t> labels,
                      std::span<const std::uint32_t> groups, std::size_t classes,
                      const TrainAndPredict& train_and_predict, const Generator& generator,
                      const CalibrateOptions& options) {
  check(labels, rows.size(), classes);
  if (!groups.empty() && groups.size() != rows.size()) {
    throw Error("calibrate", fmt::format("got {} groups for {} rows, expected one a row",
                                         groups.size(), rows.size()));
  }
  Calibration none;
  if (rows.size() < std::max<std::size_t>(options.least_labels, 2)) {
    none.notes.push_back(
        fmt::format("no calibration: {} labels are too few to hold any out", rows.size()));
    return none;
  }
  const std::vector<std::uint32_t> tenths =
      deal_tenths(rows.size(), groups, generator.stream("tenths"));

  std::vector<std::vector<float>> logits;
  std::vector<std::int32_t> held_labels;
  std::vector<std::uint32_t> folds;
  std::size_t models = 0;
  for (std::uint32_t tenth = 0; tenth < kTenths && held_labels.size() < options.wanted_held_out;
       ++tenth) {
    std::vector<Index> train, held_out;
    std::vector<std::int32_t> train_labels;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (tenths[i] == tenth) {
        held_out.push_back(rows[i]);
      } else {
        train.push_back(rows[i]);
        train_labels.push_back(labels[i]);
      }
    }
    if (held_out.empty() || train.empty()) continue;
    Matrix<float> out(held_out.size(), classes);
    train_and_predict(train, train_labels, held_out, generator.stream("model").stream(tenth), out);
    ++models;
    std::size_t next = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (tenths[i] != tenth) continue;
      // Whole groups are tested together; the rows of one model are spread over all tests.
      const std::size_t part = groups.empty() ? held_labels.size() : groups[i];
      folds.push_back(static_cast<std::uint32_t>(part % kTests));
      const auto row = out.row(next++);
      logits.emplace_back(row.begin(), row.end());
      held_labels.push_back(labels[i]);
    }
  }
  if (held_labels.empty()) {
    none.notes.emplace_back("no calibration: all labels are of one group");
    return none;
  }
  Matrix<float> all(logits.size(), classes);
  for (std::size_t i = 0; i < logits.size(); ++i) std::ranges::copy(logits[i], all.row(i).begin());
  Calibration result = calibrate_held_out(all, held_labels, folds, options);
  result.models = models;
  return result;
}

}  // namespace goldpan
