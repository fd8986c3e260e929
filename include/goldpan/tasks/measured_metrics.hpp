#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/core/progress.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/tasks/average_precision.hpp>
#include <goldpan/tasks/slices.hpp>

namespace goldpan {

/// One number of an evaluation: a row of metrics.csv.
struct MeasuredMetric {
  std::string name;        ///< "AP50", "accuracy"
  std::string slice;       ///< kEverything, or a slice's name
  std::string class_name;  ///< kEverything, or a class's name
  double value = 0;        ///< of detection: kNoTruth where there is nothing to find
  /// Bootstrap interval over images; NaN where there is none.
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  /// Images of the slice; of a class, those that hold it.
  std::size_t images = 0;
};

/// What stands for the whole in `slice` and `class`.
inline constexpr const char* kEverything = "all";

struct MetricOptions {
  /// Samples of the bootstrap over images; 0: no intervals.
  std::size_t bootstrap = 1000;
  double level = 0.95;
  std::uint64_t seed = 0;
  Progress progress;
};

/// COCO's twelve numbers of all images and of each slice, for all categories together and one by
/// one. Intervals are the percentiles of a bootstrap over the slice's images; matches are made
/// once and only counted anew. The same for any number of workers.
std::vector<MeasuredMetric> detection_metrics(const DetectionMatches& matches,
                                              const std::vector<std::string>& categories,
                                              std::span<const Slice> slices,
                                              const MetricOptions& options, Workers& workers);

/// accuracy, balanced_accuracy (mean recall over classes with truth) and macro_f1 (over the same
/// classes) of all items and of each slice, and recall, precision and f1 of each class (NaN where
/// it is not defined). Labels are in [0, classes). Throws Error for other labels or lengths.
std::vector<MeasuredMetric> classification_metrics(std::span<const std::int32_t> truth,
                                                   std::span<const std::int32_t> predicted,
                                                   const std::vector<std::string>& classes,
                                                   std::span<const Slice> slices,
                                                   const MetricOptions& options, Workers& workers);

/// The slice to worry about: the one whose upper bound of this metric is the lowest, not whose
/// value is, since a small slice is low by chance. Slices of fewer than `least_images` images, or
/// without a bound, are not ranked. Null if no slice is.
const MeasuredMetric* worst_slice(std::span<const MeasuredMetric> metrics, std::string_view name,
                                  std::size_t least_images);

/// `metric,slice,class,value,ci_low,ci_high,images`: stable. Numbers as their shortest text that
/// reads back the same; what is not known is empty.
std::string metrics_csv(std::span<const MeasuredMetric> metrics);

}  // namespace goldpan
