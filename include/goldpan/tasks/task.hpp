#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/predictions.hpp>
#include <goldpan/core/targets.hpp>
#include <goldpan/tasks/calibration.hpp>
#include <goldpan/tasks/metric.hpp>
#include <goldpan/tasks/slices.hpp>

namespace goldpan {

/// How good predictions are.
struct Evaluation {
  Metrics metrics;
  /// Reliability diagrams without and with temperature; empty where the task has none.
  std::vector<ReliabilityBin> reliability_before, reliability_after;
  /// Whether each item of known target was judged right, in their order: the headline is their
  /// mean. Empty where the task's headline is no mean over items.
  std::vector<bool> hits;
};

/// The one place that knows what a label is.
class Task {
 public:
  virtual ~Task() = default;
  virtual std::string_view name() const = 0;
  /// The metric that learning curves are drawn of; larger is better.
  virtual std::string_view headline() const = 0;

  /// Whether the target of an item is known.
  virtual bool is_known(const Targets& targets, Index item) const = 0;
  /// What items are alike for a stratified split: a class, say. Requires: is_known.
  virtual std::size_t stratum(const Targets& targets, Index item) const = 0;
  /// What it costs to label an item, in units of its own (images, boxes). Requires: is_known.
  virtual double cost(const Targets& targets, Index item) const = 0;

  /// Judges predictions[i] by the target of items[i], over all of them and over each slice, whose
  /// items are places in `items`. Items
  /// whose target is unknown are left out.
  virtual Evaluation evaluate(const Predictions& predictions, const Targets& targets,
                              std::span<const Index> items,
                              std::span<const Slice> slices = {}) const = 0;

  /// The target of an item as text, for a journal, and back. Throws Error for text that write()
  /// does not write.
  virtual std::string write(const Targets& targets, Index item) const = 0;
  virtual void read(std::string_view text, Index item, Targets& targets) const = 0;
};

/// One class label an item.
std::unique_ptr<Task> make_classification();

}  // namespace goldpan
