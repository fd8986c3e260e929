#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/tasks/measured_metrics.hpp>

namespace goldpan {

/// What stands around the numbers on the page of an evaluation.
struct EvaluationPage {
  std::string title;
  /// What was evaluated, a name and a value each: files, images, boxes.
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::string> notes;
  /// The numbers shown for slices and classes, in order: "AP", "AP50", ...; the first ranks slices.
  std::vector<std::string> shown;
  std::vector<std::string> class_shown;  ///< those of classes; empty: as `shown`
  std::size_t least_images = 30;
};

/// One HTML page that needs nothing from outside: the numbers of the whole, slices with their
/// intervals drawn as bars, the worst slice by its upper bound, classes. Numbers are shown in per
/// cent.
std::string evaluation_page(std::span<const MeasuredMetric> metrics, const EvaluationPage& page);

}  // namespace goldpan
