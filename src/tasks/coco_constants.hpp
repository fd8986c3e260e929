#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace goldpan {

inline constexpr std::size_t kThresholds = 10;
inline constexpr std::size_t kRecallPoints = 101;
inline constexpr std::size_t kMostDetections = 100;
/// Ranges of areas: all, small, medium, large.
inline constexpr std::size_t kAreas = 4;

/// One bit a threshold.
using ThresholdMask = std::uint16_t;
inline constexpr ThresholdMask kEveryThreshold = (1u << kThresholds) - 1;

struct AreaRange {
  double low, high;
  bool holds(double area) const { return area >= low && area <= high; }
};
inline constexpr std::array<AreaRange, kAreas> kAreaRanges = {
    {{0.0, 1e10}, {0.0, 1024.0}, {1024.0, 9216.0}, {9216.0, 1e10}}};

/// NumPy's linspace(first, last, Count), to the bit: the definition's thresholds are its doubles.
template <std::size_t Count>
constexpr std::array<double, Count> linspace(double first, double last) {
  std::array<double, Count> values = {};
  const double step = (last - first) / static_cast<double>(Count - 1);
  for (std::size_t i = 0; i < Count; ++i) values[i] = static_cast<double>(i) * step + first;
  values[Count - 1] = last;
  return values;
}
inline constexpr auto kThresholdValues = linspace<kThresholds>(0.5, 0.95);
inline constexpr auto kRecallValues = linspace<kRecallPoints>(0.0, 1.0);

}  // namespace goldpan
