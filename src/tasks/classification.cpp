#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <goldpan/core/error.hpp>
#include <goldpan/tasks/task.hpp>

namespace goldpan {
namespace {

constexpr int kBins = 15;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Rows of predictions and their labels, those of unknown labels left out.
struct Judged {
  std::vector<std::size_t> places;
  std::vector<std::int32_t> labels;
};

Matrix<float> rows_of(const Matrix<float>& matrix, const std::vector<std::size_t>& places) {
  Matrix<float> rows(places.size(), matrix.cols());
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::ranges::copy(matrix.row(places[i]), rows.row(i).begin());
  }
  return rows;
}

std::size_t first_largest(std::span<const float> row) {
  return static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
}

/// Accuracy, balanced accuracy (mean recall over classes that there are), macro F1 (over the same
/// classes) and recall per class.
void add_hits(const Predictions& predictions, const Judged& judged, std::string_view slice,
              Metrics& metrics) {
  const std::size_t classes = predictions.logits.cols();
  std::vector<double> examples(classes), predicted(classes), right(classes);
  for (std::size_t i = 0; i < judged.places.size(); ++i) {
    const std::size_t guess = first_largest(predictions.logits.row(judged.places[i]));
    const auto label = static_cast<std::size_t>(judged.labels[i]);
    ++examples[label];
    ++predicted[guess];
    if (guess == label) ++right[label];
  }
  double recall_sum = 0, f1_sum = 0, right_sum = 0;
  std::size_t present = 0;
  std::vector<double> recall(classes, kNaN);
  for (std::size_t c = 0; c < classes; ++c) {
    if (examples[c] == 0) continue;
    ++present;
    right_sum += right[c];
    recall[c] = right[c] / examples[c];
    recall_sum += recall[c];
    f1_sum += 2 * right[c] / (examples[c] + predicted[c]);  // 2 TP / (2 TP + FP + FN)
  }
  const auto count = static_cast<double>(judged.places.size());
  const auto add = [&](std::string_view name, double value, std::int32_t cls = kAllClasses) {
    metrics.add({std::string(name), std::string(slice), cls, value});
  };
  add("accuracy", right_sum / count);
  add("balanced_accuracy", recall_sum / static_cast<double>(present));
  add("macro_f1", f1_sum / static_cast<double>(present));
  for (std::size_t c = 0; c < classes; ++c) add("recall", recall[c], static_cast<std::int32_t>(c));
}

/// Mean negative log-likelihood of the labels, nats.
double mean_nll(const Matrix<float>& probabilities, const std::vector<std::int32_t>& labels) {
  double nll = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    // A float probability can underflow to 0; the smallest normal number stands in for it.
    nll -= std::log(std::max(probabilities(i, static_cast<std::size_t>(labels[i])),
                             std::numeric_limits<float>::min()));
  }
  return nll / static_cast<double>(labels.size());
}

class Classification : public Task {
 public:
  const TaskInfo& info() const override { return find_task("classification"); }

  const std::vector<std::string>& classes(const Targets& targets) const override {
    return targets.class_names;
  }
  Targets unknown(const Targets& targets, std::size_t items) const override {
    Targets unknown;
    unknown.class_names = targets.class_names;
    unknown.labels.assign(items, kUnknownLabel);
    return unknown;
  }
  void copy(const Targets& from, Index item, Targets& to) const override {
    to.labels.at(item) = from.labels.at(item);
  }

  bool is_known(const Targets& targets, Index item) const override {
    return item < targets.labels.size() && targets.labels[item] != kUnknownLabel;
  }
  void count(const Targets& targets, Index item, std::span<std::uint64_t> counts) const override {
    ++counts[static_cast<std::size_t>(targets.labels[item])];
  }
  std::size_t stratum(const Targets& targets, Index item) const override {
    return static_cast<std::size_t>(targets.labels[item]);
  }
  double cost(const Targets&, Index) const override { return 1; }

  Evaluation evaluate(const Predictions& predictions, const Targets& targets,
                      std::span<const Index> items, std::span<const Slice> slices) const override {
    const auto judge = [&](std::span<const Index> places) {
      Judged judged;
      for (const Index place : places) {
        if (!is_known(targets, items[place])) continue;
        judged.places.push_back(place);
        judged.labels.push_back(targets.labels[items[place]]);
      }
      return judged;
    };
    std::vector<Index> everything(items.size());
    for (Index i = 0; i < items.size(); ++i) everything[i] = i;
    const Judged all = judge(everything);

    Evaluation found;
    add_hits(predictions, all, "all", found.metrics);
    for (std::size_t i = 0; i < all.places.size(); ++i) {
      found.hits.push_back(first_largest(predictions.logits.row(all.places[i])) ==
                           static_cast<std::size_t>(all.labels[i]));
    }
    const Matrix<float> before = rows_of(predictions.uncalibrated, all.places);
    const Matrix<float> after = rows_of(predictions.probabilities, all.places);
    found.reliability_before = reliability_bins(before, all.labels, kBins);
    found.reliability_after = reliability_bins(after, all.labels, kBins);
    found.metrics.set("nll", mean_nll(after, all.labels));
    found.metrics.set("temperature", predictions.temperature);
    found.metrics.set("ece_before", expected_calibration_error(found.reliability_before));
    found.metrics.set("ece_after", expected_calibration_error(found.reliability_after));
    for (const Slice& slice : slices) {
      add_hits(predictions, judge(slice.items), slice.name, found.metrics);
    }
    return found;
  }

  std::string write(const Targets& targets, Index item) const override {
    return std::to_string(targets.labels.at(item));
  }
  void read(std::string_view text, Index item, Targets& targets) const override {
    std::int32_t label = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), label);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || label < 0 || static_cast<std::size_t>(label) >= targets.class_names.size()) {
      throw Error("label", "got '" + std::string(text) + "', expected a class below " +
                               std::to_string(targets.class_names.size()));
    }
    targets.labels.at(item) = label;
  }
};

}  // namespace

std::unique_ptr<Task> make_classification() { return std::make_unique<Classification>(); }

}  // namespace goldpan
