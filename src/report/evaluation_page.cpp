#include <cmath>
#include <map>

#include <fmt/format.h>

#include <goldpan/core/web_text.hpp>
#include <goldpan/report/evaluation_page.hpp>

#include "report/assets.hpp"
#include "report/csv.hpp"

namespace goldpan {
namespace {

using report::fixed;

bool is_known(double value) { return std::isfinite(value) && value != kNoTruth; }

std::string percent(double value) { return is_known(value) ? fixed(100 * value, 1) : "–"; }

std::string with_interval(const MeasuredMetric& metric) {
  if (!std::isfinite(metric.low)) return percent(metric.value);
  return fmt::format("{}<small>{} to {}</small>", percent(metric.value), percent(metric.low),
                     percent(metric.high));
}

/// From 0 to 1: a line from bound to bound and a dot at the value.
std::string bar(const MeasuredMetric& metric, double whole) {
  constexpr double kWidth = 240, kPad = 6;
  const auto x = [](double value) { return kPad + value * (kWidth - 2 * kPad); };
  std::string svg = fmt::format(
      "<svg width=\"{0}\" height=\"16\" viewBox=\"0 0 {0} 16\" role=\"img\" aria-label=\"{1}\">"
      "<line x1=\"{2:.1f}\" x2=\"{3:.1f}\" y1=\"8\" y2=\"8\" stroke=\"var(--line)\"/>",
      kWidth, is_known(metric.value) ? percent(metric.value) + " per cent" : "not known", x(0),
      x(1));
  if (is_known(whole)) {
    svg += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"1\" y2=\"15\" stroke=\"var(--soft)\" "
        "stroke-dasharray=\"2 2\"/>",
        x(whole));
  }
  if (std::isfinite(metric.low)) {
    svg += fmt::format(
        "<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"8\" y2=\"8\" stroke=\"var(--after)\" "
        "stroke-width=\"3\"/>",
        x(metric.low), x(metric.high));
  }
  if (is_known(metric.value)) {
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"8\" r=\"4\" fill=\"var(--ink)\"/>",
                       x(metric.value));
  }
  return svg + "</svg>";
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

std::string table(const Rows& rows, const std::vector<std::string>& shown, const char* kind,
                  double whole, const MeasuredMetric* worst) {
  std::string html = fmt::format(
      "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">{}</th><th "
      "scope=\"col\">images</th><th scope=\"col\">{}, 0 to 100</th>",
      kind, escape_html(shown[0]));
  for (const std::string& name : shown) {
    html += fmt::format("<th scope=\"col\">{}</th>", escape_html(name));
  }
  html += "</tr></thead><tbody>\n";
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const MeasuredMetric* const first = rows.find(row, shown[0]);
    if (first == nullptr) continue;
    html += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"text\">{}</td>",
                        escape_html(rows.name(row)), first->images, bar(*first, whole));
    for (const std::string& name : shown) {
      const MeasuredMetric* const metric = rows.find(row, name);
      html +=
          fmt::format("<td{}>{}</td>", first == worst && name == shown[0] ? " class=\"worse\"" : "",
                      metric == nullptr ? "" : with_interval(*metric));
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace

std::string evaluation_page(std::span<const MeasuredMetric> metrics, const EvaluationPage& page) {
  const auto& class_shown = page.class_shown.empty() ? page.shown : page.class_shown;
  std::map<std::string, const MeasuredMetric*> whole;
  Rows slices, classes;
  for (const MeasuredMetric& metric : metrics) {
    if (metric.slice == kEverything && metric.class_name == kEverything) {
      whole.emplace(metric.name, &metric);
    } else if (metric.class_name == kEverything) {
      slices.add(metric.slice, metric);
    } else if (metric.slice == kEverything) {
      classes.add(metric.class_name, metric);
    }
  }
  const auto at = whole.find(page.shown[0]);
  const double value = at == whole.end() ? kNoTruth : at->second->value;
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><title>{0}</title><style>{1}</style></head>"
      "<body>\n<h1>{0}</h1>\n<ul class=\"tiles\">\n",
      escape_html(page.title), report::kStyleSheet);
  for (const MeasuredMetric& metric : metrics) {
    if (metric.slice != kEverything || metric.class_name != kEverything) continue;
    html += fmt::format("<li><b>{}</b><span>{}{}</span></li>\n", percent(metric.value),
                        escape_html(metric.name),
                        std::isfinite(metric.low)
                            ? fmt::format(", {} to {}", percent(metric.low), percent(metric.high))
                            : "");
  }
  html += "</ul>\n<p class=\"note\">Per cent, with the interval of a bootstrap over images.</p>\n";
  if (!page.notes.empty()) {
    html += "<div class=\"warnings\" role=\"note\"><strong>Before you believe it</strong><ul>\n";
    for (const std::string& note : page.notes) html += "<li>" + escape_html(note) + "</li>\n";
    html += "</ul></div>\n";
  }
  if (slices.size() > 0) {
    html += "<section><h2>Slices</h2>\n";
    const MeasuredMetric* const worst = worst_slice(metrics, page.shown[0], page.least_images);
    html += worst == nullptr
                ? fmt::format(
                      "<p>No slice has {} images and an interval, so none is called the "
                      "worst.</p>\n",
                      page.least_images)
                : fmt::format(
                      "<p>The worst slice is <b>{}</b>: its {} is {} at most ({} images). "
                      "Slices are ranked by their upper bound, those of fewer than {} "
                      "images not at all. The dashed line is the whole.</p>\n",
                      escape_html(worst->slice), escape_html(page.shown[0]), percent(worst->high),
                      worst->images, page.least_images);
    html += table(slices, page.shown, "slice", value, worst) + "</section>\n";
  }
  if (classes.size() > 0) {
    html +=
        "<section><h2>Classes</h2>\n<p class=\"note\">Images: those that hold the class.</p>\n" +
        table(classes, class_shown, "class", kNoTruth, nullptr) + "</section>\n";
  }
  html += "<section><h2>What was evaluated</h2>\n<table><tbody>\n";
  for (const auto& [name, text] : page.facts) {
    html += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"settings\">{}</td></tr>\n",
                        escape_html(name), escape_html(text));
  }
  return html + "</tbody></table></section>\n</body></html>\n";
}

}  // namespace goldpan
