#include <map>

#include <fmt/format.h>

#include <goldpan/report/evaluation_page.hpp>

#include "report/assets.hpp"
#include "report/csv.hpp"
#include "report/template.hpp"

namespace goldpan {
namespace {

using report::Json;

/// COCO's -1 is "nothing to find", not a number.
Json known(double value) { return value == kNoTruth ? Json(nullptr) : report::number(value); }

Json number_with_interval(const MeasuredMetric& metric) {
  return {{"value", known(metric.value)},
          {"low", known(metric.low)},
          {"high", known(metric.high)},
          {"images", metric.images}};
}

/// Rows of one kind (slices, classes) by name, in the order of the metrics.
class Rows {
 public:
  void add(const std::string& name, const MeasuredMetric& metric) {
    const auto [at, is_new] = places_.emplace(name, names_.size());
    if (is_new) {
      names_.push_back(name);
      metrics_.emplace_back();
    }
    metrics_[at->second].emplace(metric.name, &metric);
  }
  std::size_t size() const { return names_.size(); }
  const std::string& name(std::size_t row) const { return names_[row]; }
  const MeasuredMetric* find(std::size_t row, const std::string& metric) const {
    const auto at = metrics_[row].find(metric);
    return at == metrics_[row].end() ? nullptr : at->second;
  }

 private:
  std::map<std::string, std::size_t> places_;
  std::vector<std::string> names_;
  std::vector<std::map<std::string, const MeasuredMetric*>> metrics_;
};

/// The rows for which the first of the metrics is there.
Json table(const char* kind, const Rows& rows, const std::vector<std::string>& shown) {
  Json list = Json::array();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.find(row, shown[0]) == nullptr) continue;
    Json values = Json::object();
    for (const std::string& name : shown) {
      if (const MeasuredMetric* const metric = rows.find(row, name)) {
        values[name] = number_with_interval(*metric);
      }
    }
    list.push_back({{"name", rows.name(row)}, {"values", std::move(values)}});
  }
  return {{"kind", kind}, {"metrics", shown}, {"rows", std::move(list)}};
}

std::string text_of_worst(const MeasuredMetric* worst, const EvaluationPage& page) {
  if (worst == nullptr) {
    return fmt::format("No slice has {} images and an interval, so none is called the worst.",
                       page.least_images);
  }
  return fmt::format(
      "The worst slice is {}: its {} is {} at most ({} images). Slices are ranked by their upper "
      "bound, those of fewer than {} images not at all. The dashed line is the whole.",
      worst->slice, page.shown[0], report::fixed(100 * worst->high, 1), worst->images,
      page.least_images);
}

}  // namespace

std::string evaluation_page(std::span<const MeasuredMetric> metrics, const EvaluationPage& page) {
  Rows slices, classes;
  Json tiles = Json::array(), whole = nullptr;
  for (const MeasuredMetric& metric : metrics) {
    if (metric.slice == kEverything && metric.class_name == kEverything) {
      tiles.push_back(number_with_interval(metric));
      tiles.back()["name"] = metric.name;
      if (metric.name == page.shown[0]) whole = known(metric.value);
    } else if (metric.class_name == kEverything) {
      slices.add(metric.slice, metric);
    } else if (metric.slice == kEverything) {
      classes.add(metric.class_name, metric);
    }
  }
  const MeasuredMetric* const worst = worst_slice(metrics, page.shown[0], page.least_images);
  return report::fill(report::kEvaluationTemplate,
                      {{"title", page.title},
                       {"tiles", std::move(tiles)},
                       {"whole", std::move(whole)},
                       {"notes", page.notes},
                       {"worst", worst == nullptr ? Json(nullptr) : Json(worst->slice)},
                       {"worst_text", text_of_worst(worst, page)},
                       {"slices", table("slice", slices, page.shown)},
                       {"classes", table("class", classes,
                                         page.class_shown.empty() ? page.shown : page.class_shown)},
                       {"facts", page.facts}});
}

}  // namespace goldpan
