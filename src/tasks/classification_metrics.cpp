#include <limits>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/tasks/measured_metrics.hpp>

#include "tasks/bootstrap.hpp"

namespace goldpan {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// accuracy, balanced_accuracy, macro_f1; then recall, precision and f1 of each class.
void measure(std::span<const std::int32_t> truth, std::span<const std::int32_t> predicted,
             std::size_t classes, std::span<const Index> items,
             std::span<const std::uint16_t> counts, std::span<double> out) {
  std::vector<double> examples(classes), guesses(classes), right(classes);
  double all = 0, all_right = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const double copies = counts[i];
    const auto t = static_cast<std::size_t>(truth[items[i]]);
    const auto p = static_cast<std::size_t>(predicted[items[i]]);
    examples[t] += copies;
    guesses[p] += copies;
    all += copies;
    if (t != p) continue;
    right[t] += copies;
    all_right += copies;
  }
  double recall_sum = 0, f1_sum = 0, present = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    double* const of_class = out.data() + 3 + 3 * c;
    of_class[0] = examples[c] > 0 ? right[c] / examples[c] : kNaN;
    of_class[1] = guesses[c] > 0 ? right[c] / guesses[c] : kNaN;
    of_class[2] = examples[c] > 0 ? 2 * right[c] / (examples[c] + guesses[c]) : kNaN;
    if (examples[c] == 0) continue;
    recall_sum += of_class[0];
    f1_sum += of_class[2];
    ++present;
  }
  out[0] = all > 0 ? all_right / all : kNaN;
  out[1] = present > 0 ? recall_sum / present : kNaN;
  out[2] = present > 0 ? f1_sum / present : kNaN;
}

void check_labels(std::span<const std::int32_t> labels, std::size_t classes, const char* where) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes) {
      throw Error(where, fmt::format("got label {} at item {}, expected 0 to {}", labels[i], i,
                                     static_cast<std::ptrdiff_t>(classes) - 1));
    }
  }
}

}  // namespace

std::vector<MeasuredMetric> classification_metrics(std::span<const std::int32_t> truth,
                                                   std::span<const std::int32_t> predicted,
                                                   const std::vector<std::string>& classes,
                                                   std::span<const Slice> slices,
                                                   const MetricOptions& options, Workers& workers) {
  if (truth.size() != predicted.size()) {
    throw Error("predictions", fmt::format("got {} items, expected the {} that have truth",
                                           predicted.size(), truth.size()));
  }
  check_labels(truth, classes.size(), "truth");
  check_labels(predicted, classes.size(), "predictions");
  Slice everything{kEverything, {}};
  for (std::size_t i = 0; i < truth.size(); ++i) everything.items.push_back(static_cast<Index>(i));

  constexpr const char* kWhole[] = {"accuracy", "balanced_accuracy", "macro_f1"};
  constexpr const char* kOfClass[] = {"recall", "precision", "f1"};
  const std::size_t numbers = 3 + 3 * classes.size();
  std::vector<MeasuredMetric> metrics;
  const auto add_slice = [&](const Slice& slice) {
    std::vector<double> values(numbers);
    const std::vector<std::uint16_t> once(slice.items.size(), 1);
    measure(truth, predicted, classes.size(), slice.items, once, values);
    const auto intervals =
        bootstrap(slice.items.size(), numbers, slice.name, options, workers,
                  [&](std::span<const std::uint16_t> counts, std::span<double> out) {
                    measure(truth, predicted, classes.size(), slice.items, counts, out);
                  });
    std::vector<std::size_t> examples(classes.size());
    for (const Index item : slice.items) ++examples[static_cast<std::size_t>(truth[item])];
    for (std::size_t n = 0; n < numbers; ++n) {
      const bool whole = n < 3;
      const std::size_t c = whole ? 0 : (n - 3) / 3;
      metrics.push_back({.name = whole ? kWhole[n] : kOfClass[(n - 3) % 3],
                         .slice = slice.name,
                         .class_name = whole ? kEverything : classes[c],
                         .value = values[n],
                         .low = intervals[n].low,
                         .high = intervals[n].high,
                         .images = whole ? slice.items.size() : examples[c]});
    }
  };
  add_slice(everything);
  for (const Slice& slice : slices) add_slice(slice);
  return metrics;
}

}  // namespace goldpan
