#include <cmath>

#include <fmt/format.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/tasks/measured_metrics.hpp>

namespace goldpan {

const MeasuredMetric* worst_slice(std::span<const MeasuredMetric> metrics, std::string_view name,
                                  std::size_t least_images) {
  const MeasuredMetric* worst = nullptr;
  for (const MeasuredMetric& metric : metrics) {
    if (metric.name != name || metric.slice == kEverything || metric.class_name != kEverything ||
        metric.images < least_images || !std::isfinite(metric.high)) {
      continue;
    }
    if (worst == nullptr || metric.high < worst->high) worst = &metric;
  }
  return worst;
}

std::string metrics_csv(std::span<const MeasuredMetric> metrics) {
  const auto number = [](double value) {
    return std::isfinite(value) ? fmt::format("{}", value) : std::string();
  };
  std::string csv = "metric,slice,class,value,ci_low,ci_high,images\n";
  for (const MeasuredMetric& metric : metrics) {
    csv += fmt::format("{},{},{},{},{},{},{}\n", csv_field(metric.name), csv_field(metric.slice),
                       csv_field(metric.class_name), number(metric.value), number(metric.low),
                       number(metric.high), metric.images);
  }
  return csv;
}

}  // namespace goldpan
