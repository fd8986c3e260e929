#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/core/targets.hpp>

#include "tasks/coco_constants.hpp"

namespace goldpan {

/// How a detection fared in one image, for each range of areas: the thresholds at which it found
/// something, and those at which it counts as right or wrong at all.
struct MatchedBox {
  std::array<ThresholdMask, kAreas> right = {};
  std::array<ThresholdMask, kAreas> counts = {};
};

/// Matches detections to the truth of the same image and category by COCO's rules. Keeps its
/// memory from call to call.
class BoxMatcher {
 public:
  /// `found` in stable descending order of score, at most kMostDetections; `matched` of the same
  /// length.
  void match(std::span<const Box* const> truth, std::span<const Detection* const> found,
             std::span<MatchedBox> matched);

 private:
  void match_area(std::size_t area, std::span<const Box* const> truth,
                  std::span<const Detection* const> found, std::span<MatchedBox> matched);

  std::vector<double> overlaps_;         // found x truth
  std::vector<double> largest_overlap_;  // of each detection
  std::vector<std::uint32_t> order_;     // of the truth: what counts, then what is ignored
  std::vector<char> taken_;
};

/// Whether COCO's rules look for this box in a range of areas.
inline bool is_wanted(const Box& truth, std::size_t area) {
  return !truth.crowd && !truth.ignore && kAreaRanges[area].holds(truth.area());
}

}  // namespace goldpan
