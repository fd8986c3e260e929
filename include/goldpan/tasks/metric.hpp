#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace goldpan {

/// The class of a metric that is one of all classes together.
inline constexpr std::int32_t kAllClasses = -1;

/// One number that was found out: metrics are rows, so that a new one needs no new column anywhere.
struct Metric {
  std::string name;                ///< "accuracy", "recall", ...
  std::string slice = "all";       ///< of the items that were looked at
  std::int32_t cls = kAllClasses;  ///< class or category, or kAllClasses
  double value = std::numeric_limits<double>::quiet_NaN();

  bool operator==(const Metric& other) const;  ///< NaN equals NaN
};

/// Metrics in the order in which they were found.
class Metrics {
 public:
  /// Replaces the value of this name, slice and class, or adds it.
  void set(std::string_view name, double value, std::int32_t cls = kAllClasses,
           std::string_view slice = "all");
  /// NaN where there is none.
  double value(std::string_view name, std::int32_t cls = kAllClasses,
               std::string_view slice = "all") const;
  /// Values of classes 0, 1, ... as far as there are any, NaN in gaps.
  std::vector<double> by_class(std::string_view name, std::string_view slice = "all") const;
  void erase(std::string_view name);

  /// Adds one as it is. Requires: there is none of its name, slice and class.
  void add(Metric metric) { rows_.push_back(std::move(metric)); }
  const std::vector<Metric>& rows() const { return rows_; }
  bool operator==(const Metrics&) const = default;

 private:
  std::vector<Metric> rows_;
};

}  // namespace goldpan
