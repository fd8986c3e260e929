#pragma once

#include <cstddef>
#include <cstdint>
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

/// A metric that a report shows.
struct ShownMetric {
  std::string_view metric;   ///< its name in Metrics: "AP50"
  std::string_view column;   ///< what columns of tables begin with
  std::string_view label;    ///< in figures and texts: "mAP@.5"
  std::string_view meaning;  ///< a sentence without its full stop
  std::string_view unit = "fraction";
};

/// One row of the task table: what `--task` takes, and how its results are shown.
struct TaskInfo {
  std::string_view name;     ///< "classification"
  std::string_view summary;  ///< one line for the help text
  /// The metric that learning curves are drawn of; larger is better, in [0, 1].
  ShownMetric headline;
  /// Further metrics of all classes, beside it in learning_curves.csv.
  std::span<const ShownMetric> others;
  /// The metric a class is judged by, in class_counts.csv.
  ShownMetric by_class;
  /// What labelling costs is counted in: "labels", "boxes".
  std::string_view cost_unit;
  /// Whether probabilities are those of one class an item, so that a starving class can be looked
  /// for.
  bool has_class_floor = false;
  /// Whether the metrics hold temperature, ece_before and ece_after.
  bool has_calibration = false;
};

/// All tasks, in the order they are listed to users.
std::span<const TaskInfo> tasks();
/// The row of this name. Throws Error listing the known names.
const TaskInfo& find_task(std::string_view name);

/// The one place that knows what a label is.
class Task {
 public:
  virtual ~Task() = default;
  virtual const TaskInfo& info() const = 0;
  std::string_view name() const { return info().name; }
  /// The metric that learning curves are drawn of; larger is better.
  std::string_view headline() const { return info().headline.metric; }

  /// Names of the classes (categories, labels) that metrics and counts speak of.
  virtual const std::vector<std::string>& classes(const Targets& targets) const = 0;
  /// `items` targets of these classes, all unknown.
  virtual Targets unknown(const Targets& targets, std::size_t items) const = 0;
  /// Gives `to` the target that an item has in `from`. Requires: targets of the same classes.
  virtual void copy(const Targets& from, Index item, Targets& to) const = 0;

  /// Whether the target of an item is known. False where the data has no targets of the kind.
  virtual bool is_known(const Targets& targets, Index item) const = 0;
  /// What items are alike for a stratified split: a class below classes().size(), or that number
  /// for items that show none. Requires: is_known.
  virtual std::size_t stratum(const Targets& targets, Index item) const = 0;
  /// Adds to counts[c] how often the item's label names class c. Requires: is_known.
  virtual void count(const Targets& targets, Index item, std::span<std::uint64_t> counts) const = 0;
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
/// Boxes an item. Metrics are COCO's twelve numbers (tasks/average_precision.hpp; NaN where there
/// is nothing to find), and AP, AP50 and AR100 of each category; the cost is counted in boxes.
std::unique_ptr<Task> make_detection();
/// Several labels an item, some in groups of which exactly one holds. Probabilities are judged:
/// mAP (mean over labels of the average precision of the items ranked by probability), macro_f1
/// (mean over labels), micro_f1, and exact (all labels right); f1, recall and average_precision of
/// each label; accuracy_GROUP of each group. Of a group its largest probability is predicted,
/// of other labels those of at least 0.5. Labels that no item shows are in no mean.
std::unique_ptr<Task> make_multilabel();
/// The task of this name. Throws Error as find_task does.
std::unique_ptr<Task> make_task(std::string_view name);

}  // namespace goldpan
