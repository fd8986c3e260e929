#include "tasks/bootstrap.hpp"

#include <algorithm>
#include <limits>
#include <mutex>

#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Samples of one task.
constexpr std::size_t kBlock = 4;

double quantile(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Interval percentile_interval(std::span<double> values, double level) {
  const auto end = std::partition(values.begin(), values.end(),
                                  [](double value) { return std::isfinite(value); });
  const auto finite = std::span<double>(values.begin(), end);
  if (finite.empty() || 2 * finite.size() < values.size()) return {kNaN, kNaN};
  std::ranges::sort(finite);
  const double tail = (1 - level) / 2;
  return {quantile(finite, tail), quantile(finite, 1 - tail)};
}

std::vector<Interval> bootstrap(std::size_t size, std::size_t numbers, std::string_view name,
                                const MetricOptions& options, Workers& workers,
                                const std::function<void(std::span<const std::uint16_t> counts,
                                                         std::span<double> out)>& measure) {
  std::vector<Interval> intervals(numbers, {kNaN, kNaN});
  if (size == 0 || options.bootstrap == 0) return intervals;
  const Generator generator = Generator(options.seed).stream("bootstrap").stream(name);
  std::vector<double> values(options.bootstrap * numbers);  // a row a sample
  std::mutex mutex;
  std::size_t done = 0;
  workers.for_blocks(options.bootstrap, kBlock, [&](std::size_t begin, std::size_t end) {
    std::vector<std::uint16_t> counts(size);
    for (std::size_t sample = begin; sample < end; ++sample) {
      Generator draws = generator.stream(std::uint64_t{sample});
      std::ranges::fill(counts, std::uint16_t{0});
      for (std::size_t i = 0; i < size; ++i) ++counts[draws.below(size)];
      measure(counts, std::span(values).subspan(sample * numbers, numbers));
    }
    const std::scoped_lock lock(mutex);
    done += end - begin;
    options.progress.step(done, options.bootstrap);
  });
  workers.for_blocks(numbers, 16, [&](std::size_t begin, std::size_t end) {
    std::vector<double> of_number(options.bootstrap);
    for (std::size_t n = begin; n < end; ++n) {
      for (std::size_t s = 0; s < options.bootstrap; ++s) of_number[s] = values[s * numbers + n];
      intervals[n] = percentile_interval(of_number, options.level);
    }
  });
  return intervals;
}

}  // namespace goldpan
