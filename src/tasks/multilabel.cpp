#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>
#include <goldpan/tasks/task.hpp>

namespace goldpan {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The labels that a row of probabilities predicts.
std::vector<std::int8_t> predicted(std::span<const float> row, const Targets& targets) {
  std::vector<std::int8_t> marks(row.size());
  for (std::size_t l = 0; l < row.size(); ++l) marks[l] = row[l] >= 0.5f;
  for (const LabelGroup& group : targets.label_groups) {
    const auto of_group = row.subspan(group.begin, group.end - group.begin);
    std::fill(marks.begin() + static_cast<std::ptrdiff_t>(group.begin),
              marks.begin() + static_cast<std::ptrdiff_t>(group.end), std::int8_t{0});
    marks[group.begin +
          static_cast<std::size_t>(std::ranges::max_element(of_group) - of_group.begin())] = 1;
  }
  return marks;
}

/// Mean over the items that show the label of the precision among those ranked as high or higher;
/// items of equal probability count together, so that no order of the rows changes it. NaN where
/// no item shows it.
double average_precision(std::vector<std::pair<float, bool>> ranked) {
  std::ranges::sort(ranked, [](const auto& a, const auto& b) { return a.first > b.first; });
  double sum = 0;
  std::size_t right = 0, seen = 0;
  for (std::size_t begin = 0; begin < ranked.size();) {
    std::size_t end = begin, right_here = 0;
    for (; end < ranked.size() && ranked[end].first == ranked[begin].first; ++end) {
      right_here += ranked[end].second ? 1 : 0;
    }
    right += right_here;
    seen = end;
    sum += static_cast<double>(right_here) * static_cast<double>(right) / static_cast<double>(seen);
    begin = end;
  }
  return right > 0 ? sum / static_cast<double>(right) : kNaN;
}

double mean_of_known(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double value : values) {
    if (value != value) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / count : kNaN;
}

double ratio(double part, double whole) { return whole > 0 ? part / whole : kNaN; }

/// Places of predictions whose target is known.
void judge(const Predictions& predictions, const Targets& targets, std::span<const Index> items,
           const std::vector<Index>& places, std::string_view slice, Metrics& metrics) {
  const std::size_t labels = targets.label_names.size();
  const auto count = static_cast<double>(places.size());
  std::vector<double> truly(labels), guessed(labels), both(labels);
  std::vector<double> group_right(targets.label_groups.size());
  double exact = 0;
  for (const Index place : places) {
    const std::vector<std::int8_t>& truth = targets.marks[items[place]];
    const std::vector<std::int8_t> guess = predicted(predictions.probabilities.row(place), targets);
    exact += guess == truth ? 1 : 0;
    for (std::size_t l = 0; l < labels; ++l) {
      truly[l] += truth[l];
      guessed[l] += guess[l];
      both[l] += truth[l] * guess[l];
    }
    for (std::size_t g = 0; g < group_right.size(); ++g) {
      const LabelGroup& group = targets.label_groups[g];
      group_right[g] += std::equal(truth.begin() + static_cast<std::ptrdiff_t>(group.begin),
                                   truth.begin() + static_cast<std::ptrdiff_t>(group.end),
                                   guess.begin() + static_cast<std::ptrdiff_t>(group.begin))
                            ? 1
                            : 0;
    }
  }
  std::vector<double> f1(labels, kNaN), recall(labels, kNaN), precision(labels, kNaN);
  for (std::size_t l = 0; l < labels; ++l) {
    if (truly[l] == 0) continue;
    f1[l] = 2 * both[l] / (truly[l] + guessed[l]);
    recall[l] = both[l] / truly[l];
    std::vector<std::pair<float, bool>> ranked;
    for (const Index place : places) {
      ranked.emplace_back(predictions.probabilities(place, l), targets.marks[items[place]][l] == 1);
    }
    precision[l] = average_precision(std::move(ranked));
  }
  const auto sum = [](const std::vector<double>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0);
  };
  const auto add = [&](std::string name, double value, std::int32_t cls = kAllClasses) {
    metrics.add({std::move(name), std::string(slice), cls, value});
  };
  add("mAP", mean_of_known(precision));
  add("macro_f1", mean_of_known(f1));
  add("micro_f1", ratio(2 * sum(both), sum(truly) + sum(guessed)));
  add("exact", ratio(exact, count));
  for (std::size_t g = 0; g < group_right.size(); ++g) {
    add("accuracy_" + targets.label_groups[g].name, ratio(group_right[g], count));
  }
  for (std::size_t l = 0; l < labels; ++l) {
    const auto cls = static_cast<std::int32_t>(l);
    add("f1", f1[l], cls);
    add("recall", recall[l], cls);
    add("average_precision", precision[l], cls);
  }
}

class Multilabel : public Task {
 public:
  const TaskInfo& info() const override { return find_task("multilabel"); }

  const std::vector<std::string>& classes(const Targets& targets) const override {
    return targets.label_names;
  }
  Targets unknown(const Targets& targets, std::size_t items) const override {
    Targets unknown;
    unknown.label_names = targets.label_names;
    unknown.label_groups = targets.label_groups;
    unknown.marks.assign(items, std::vector<std::int8_t>(targets.label_names.size(), kUnknownMark));
    return unknown;
  }
  void copy(const Targets& from, Index item, Targets& to) const override {
    to.marks.at(item) = from.marks.at(item);
  }

  bool is_known(const Targets& targets, Index item) const override {
    return item < targets.marks.size() &&
           std::ranges::find(targets.marks[item], kUnknownMark) == targets.marks[item].end();
  }
  /// The first label that the item shows: the value of its first group.
  std::size_t stratum(const Targets& targets, Index item) const override {
    return static_cast<std::size_t>(std::ranges::find(targets.marks[item], std::int8_t{1}) -
                                    targets.marks[item].begin());
  }
  void count(const Targets& targets, Index item, std::span<std::uint64_t> counts) const override {
    for (std::size_t l = 0; l < counts.size(); ++l) {
      counts[l] += targets.marks[item][l] == 1 ? 1 : 0;
    }
  }
  double cost(const Targets&, Index) const override { return 1; }

  Evaluation evaluate(const Predictions& predictions, const Targets& targets,
                      std::span<const Index> items, std::span<const Slice> slices) const override {
    std::vector<Index> everything;
    for (Index place = 0; place < items.size(); ++place) {
      if (is_known(targets, items[place])) everything.push_back(place);
    }
    Evaluation found;
    judge(predictions, targets, items, everything, "all", found.metrics);
    for (const Slice& slice : slices) {
      std::vector<Index> places = slice.items;
      std::erase_if(places, [&](Index place) { return !is_known(targets, items[place]); });
      judge(predictions, targets, items, places, slice.name, found.metrics);
    }
    return found;
  }

  /// A character a label: 1 it shows, 0 it does not, ? not known.
  std::string write(const Targets& targets, Index item) const override {
    std::string text;
    for (const std::int8_t mark : targets.marks.at(item)) {
      text += mark == 1 ? '1' : mark == 0 ? '0' : '?';
    }
    return text;
  }
  void read(std::string_view text, Index item, Targets& targets) const override {
    if (text.size() != targets.label_names.size() ||
        text.find_first_not_of("01?") != std::string_view::npos) {
      throw Error("labels", "got '" + std::string(text) + "', expected 0, 1 or ? for each of " +
                                std::to_string(targets.label_names.size()) + " labels");
    }
    std::vector<std::int8_t> marks;
    for (const char mark : text) {
      marks.push_back(mark == '1' ? 1 : mark == '0' ? 0 : kUnknownMark);
    }
    targets.marks.at(item) = std::move(marks);
  }
};

}  // namespace

std::unique_ptr<Task> make_multilabel() { return std::make_unique<Multilabel>(); }

}  // namespace goldpan
