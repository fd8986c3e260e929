#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include <goldpan/tasks/measured_metrics.hpp>

namespace goldpan {

/// The two ends of an interval, NaN where nothing is known.
struct Interval {
  double low, high;
};

/// The percentile interval of a bootstrap (Efron 1979): the (1 - level) / 2 quantiles from both
/// ends, interpolated, of the values that are finite. NaN if fewer than half of them are: then the
/// number is hardly defined at all. Orders `values`.
Interval percentile_interval(std::span<double> values, double level);

/// Draws `size` items with replacement, `samples` times, and calls measure(counts, out) with how
/// often each was drawn, from several threads at once; `out` has room for `numbers` values. Returns
/// the interval of each number. The draws depend on seed and name alone.
std::vector<Interval> bootstrap(std::size_t size, std::size_t numbers, std::string_view name,
                                const MetricOptions& options, Workers& workers,
                                const std::function<void(std::span<const std::uint16_t> counts,
                                                         std::span<double> out)>& measure);

}  // namespace goldpan
