#include <charconv>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/tasks/average_precision.hpp>
#include <goldpan/tasks/task.hpp>

namespace goldpan {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kByCategory[] = {"AP", "AP50", "AR100"};

/// Fields of a text between separators.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(separator, at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

[[noreturn]] void refuse(std::string_view box) {
  throw Error("boxes", "got '" + std::string(box) +
                           "', expected category x y width height [area=A] [crowd] [ignore]");
}

template <typename Number>
Number number(std::string_view text, std::string_view box) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) refuse(box);
  return value;
}

void add(const DetectionEvaluation& evaluation, std::string_view slice, Metrics& metrics) {
  const auto put = [&](std::size_t m, const DetectionNumbers& numbers, std::int32_t cls) {
    metrics.add({std::string(kDetectionMetrics[m]), std::string(slice), cls,
                 numbers[m] == kNoTruth ? kNaN : numbers[m]});
  };
  for (std::size_t m = 0; m < kDetectionMetrics.size(); ++m) put(m, evaluation.all, kAllClasses);
  for (const std::string_view name : kByCategory) {
    for (std::size_t m = 0; m < kDetectionMetrics.size(); ++m) {
      if (kDetectionMetrics[m] != name) continue;
      for (std::size_t c = 0; c < evaluation.categories.size(); ++c) {
        put(m, evaluation.categories[c], static_cast<std::int32_t>(c));
      }
    }
  }
}

/// An object to find, of those that annotators drew.
bool is_object(const Box& box) { return !box.crowd && !box.ignore; }

class DetectionTask : public Task {
 public:
  const TaskInfo& info() const override { return find_task("detection"); }

  const std::vector<std::string>& classes(const Targets& targets) const override {
    return targets.categories;
  }
  Targets unknown(const Targets& targets, std::size_t items) const override {
    Targets unknown;
    unknown.categories = targets.categories;
    unknown.boxes.resize(items);
    unknown.boxes_known.assign(items, false);
    return unknown;
  }
  void copy(const Targets& from, Index item, Targets& to) const override {
    to.boxes.at(item) = from.boxes.at(item);
    to.boxes_known.at(item) = is_known(from, item);
  }

  bool is_known(const Targets& targets, Index item) const override {
    return item < targets.boxes.size() &&
           (targets.boxes_known.empty() || targets.boxes_known[item]);
  }
  /// The category of most boxes, the first where several have as many.
  std::size_t stratum(const Targets& targets, Index item) const override {
    std::vector<std::uint64_t> counts(targets.categories.size());
    count(targets, item, counts);
    std::size_t most = counts.size();
    for (std::size_t c = 0; c < counts.size(); ++c) {
      if (counts[c] > 0 && (most == counts.size() || counts[c] > counts[most])) most = c;
    }
    return most;
  }
  void count(const Targets& targets, Index item, std::span<std::uint64_t> counts) const override {
    for (const Box& box : targets.boxes[item]) {
      if (is_object(box)) ++counts[static_cast<std::size_t>(box.category)];
    }
  }
  /// All that an annotator has to draw, crowds and what is ignored as well.
  double cost(const Targets& targets, Index item) const override {
    return static_cast<double>(targets.boxes[item].size());
  }

  Evaluation evaluate(const Predictions& predictions, const Targets& targets,
                      std::span<const Index> items, std::span<const Slice> slices) const override {
    std::vector<std::vector<Box>> truth;
    std::vector<std::vector<Detection>> found;
    std::vector<std::size_t> place_of(items.size(), items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!is_known(targets, items[i])) continue;
      place_of[i] = truth.size();
      truth.push_back(targets.boxes[items[i]]);
      found.push_back(predictions.detections[i]);
    }
    Workers alone(1);  // jobs of a run are evaluated side by side
    const DetectionMatches matches(truth, found, targets.categories.size(), alone);
    Evaluation evaluation;
    add(matches.evaluate(alone), "all", evaluation.metrics);
    for (const Slice& slice : slices) {
      std::vector<Index> known;
      for (const Index place : slice.items) {
        if (place_of[place] < truth.size()) known.push_back(place_of[place]);
      }
      add(matches.only(known).evaluate(alone), slice.name, evaluation.metrics);
    }
    return evaluation;
  }

  /// "category x y width height" of each box, with what else is known of it, between semicolons;
  /// "-" for an image without boxes. Numbers as their shortest text that reads back the same.
  std::string write(const Targets& targets, Index item) const override {
    std::string text;
    for (const Box& box : targets.boxes.at(item)) {
      if (!text.empty()) text += ';';
      text += fmt::format("{} {} {} {} {}", box.category, box.x, box.y, box.width, box.height);
      if (box.stated_area >= 0) text += fmt::format(" area={}", box.stated_area);
      if (box.crowd) text += " crowd";
      if (box.ignore) text += " ignore";
    }
    return text.empty() ? "-" : text;
  }

  void read(std::string_view text, Index item, Targets& targets) const override {
    std::vector<Box> boxes;
    if (text != "-") {
      for (const std::string_view part : split(text, ';')) {
        boxes.push_back(read_box(part, targets.categories.size()));
      }
    }
    targets.boxes.at(item) = std::move(boxes);
    if (!targets.boxes_known.empty()) targets.boxes_known.at(item) = true;
  }

 private:
  static Box read_box(std::string_view text, std::size_t categories) {
    const std::vector<std::string_view> fields = split(text, ' ');
    if (fields.size() < 5) refuse(text);
    Box box;
    box.category = number<std::int32_t>(fields[0], text);
    box.x = number<double>(fields[1], text);
    box.y = number<double>(fields[2], text);
    box.width = number<double>(fields[3], text);
    box.height = number<double>(fields[4], text);
    if (box.category < 0 || static_cast<std::size_t>(box.category) >= categories) {
      throw Error("boxes", fmt::format("got category {} in '{}', expected one below {}",
                                       box.category, text, categories));
    }
    for (std::size_t f = 5; f < fields.size(); ++f) {
      if (fields[f] == "crowd") {
        box.crowd = true;
      } else if (fields[f] == "ignore") {
        box.ignore = true;
      } else if (fields[f].starts_with("area=")) {
        box.stated_area = number<double>(fields[f].substr(5), text);
      } else {
        refuse(text);
      }
    }
    return box;
  }
};

}  // namespace

std::unique_ptr<Task> make_detection() { return std::make_unique<DetectionTask>(); }

}  // namespace goldpan
