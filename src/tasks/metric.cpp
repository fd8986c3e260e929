#include <algorithm>
#include <cmath>

#include <goldpan/tasks/metric.hpp>

namespace goldpan {

bool Metric::operator==(const Metric& other) const {
  const bool same = value == other.value || (std::isnan(value) && std::isnan(other.value));
  return same && name == other.name && slice == other.slice && cls == other.cls;
}

void Metrics::set(std::string_view name, double value, std::int32_t cls, std::string_view slice) {
  for (Metric& row : rows_) {
    if (row.cls != cls || row.name != name || row.slice != slice) continue;
    row.value = value;
    return;
  }
  rows_.push_back({std::string(name), std::string(slice), cls, value});
}

double Metrics::value(std::string_view name, std::int32_t cls, std::string_view slice) const {
  for (const Metric& row : rows_) {
    if (row.cls == cls && row.name == name && row.slice == slice) return row.value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> Metrics::by_class(std::string_view name, std::string_view slice) const {
  std::vector<double> values;
  for (const Metric& row : rows_) {
    if (row.cls < 0 || row.name != name || row.slice != slice) continue;
    const auto c = static_cast<std::size_t>(row.cls);
    if (values.size() <= c) values.resize(c + 1, std::numeric_limits<double>::quiet_NaN());
    values[c] = row.value;
  }
  return values;
}

void Metrics::erase(std::string_view name) {
  std::erase_if(rows_, [&](const Metric& row) { return row.name == name; });
}

}  // namespace goldpan
