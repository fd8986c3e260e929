#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/tasks/average_precision.hpp>

#include "tasks/coco_constants.hpp"

namespace goldpan {

/// A detection that counts at one threshold or more.
struct CountedDetection {
  std::uint32_t image = 0;
  ThresholdMask right = 0;
  ThresholdMask counts = 0;
};

/// How many boxes of an image are looked for.
struct WantedBoxes {
  std::uint32_t image = 0;
  std::uint32_t count = 0;
};

/// All that COCO's numbers of one category need, for each range of areas.
struct CategoryMatches {
  std::array<std::vector<CountedDetection>, kAreas> detections;  ///< by falling score
  std::array<std::vector<WantedBoxes>, kAreas> wanted;           ///< by image
  /// Those of all areas that found something as one of the first 1 and of the first 10 detections
  /// of their image: only recall is asked of them.
  std::array<std::vector<CountedDetection>, 2> first;
};

/// The numbers of one category, of a data set that holds image i counts[i] times.
DetectionNumbers category_numbers(const CategoryMatches& matches,
                                  std::span<const std::uint16_t> counts);

}  // namespace goldpan
