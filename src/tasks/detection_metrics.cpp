#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/tasks/measured_metrics.hpp>

#include "tasks/bootstrap.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kNumbers = kDetectionMetrics.size();

/// All classes' numbers, then those of each category, in one row; NaN instead of kNoTruth.
void flatten(const DetectionEvaluation& evaluation, std::span<double> out) {
  const auto put = [&](const DetectionNumbers& numbers, std::size_t place) {
    for (std::size_t m = 0; m < kNumbers; ++m) {
      out[place * kNumbers + m] =
          numbers[m] == kNoTruth ? std::numeric_limits<double>::quiet_NaN() : numbers[m];
    }
  };
  put(evaluation.all, 0);
  for (std::size_t c = 0; c < evaluation.categories.size(); ++c) {
    put(evaluation.categories[c], c + 1);
  }
}

void add_slice(const std::string& slice, const DetectionMatches& matches,
               const std::vector<std::string>& categories, const MetricOptions& options,
               Workers& workers, std::vector<MeasuredMetric>& metrics) {
  const DetectionEvaluation evaluation = matches.evaluate(workers);
  const std::vector<Interval> intervals =
      bootstrap(matches.images(), (categories.size() + 1) * kNumbers, slice, options, workers,
                [&](std::span<const std::uint16_t> counts, std::span<double> out) {
                  flatten(matches.evaluate(counts), out);
                });
  for (std::size_t c = 0; c <= categories.size(); ++c) {
    const DetectionNumbers& numbers = c == 0 ? evaluation.all : evaluation.categories[c - 1];
    const std::size_t images = c == 0 ? matches.images() : matches.images_with_truth(c - 1);
    for (std::size_t m = 0; m < kNumbers; ++m) {
      MeasuredMetric metric{.name = std::string(kDetectionMetrics[m]),
                            .slice = slice,
                            .class_name = c == 0 ? kEverything : categories[c - 1],
                            .value = numbers[m],
                            .images = images};
      if (metric.value != kNoTruth) {
        metric.low = intervals[c * kNumbers + m].low;
        metric.high = intervals[c * kNumbers + m].high;
      }
      metrics.push_back(std::move(metric));
    }
  }
}

}  // namespace

std::vector<MeasuredMetric> detection_metrics(const DetectionMatches& matches,
                                              const std::vector<std::string>& categories,
                                              std::span<const Slice> slices,
                                              const MetricOptions& options, Workers& workers) {
  if (categories.size() != matches.categories()) {
    throw Error("categories",
                fmt::format("got {} names, expected {}", categories.size(), matches.categories()));
  }
  std::vector<MeasuredMetric> metrics;
  add_slice(kEverything, matches, categories, options, workers, metrics);
  for (const Slice& slice : slices) {
    add_slice(slice.name, matches.only(slice.items), categories, options, workers, metrics);
  }
  return metrics;
}

}  // namespace goldpan
