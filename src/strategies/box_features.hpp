#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/strategies/detection.hpp>

namespace goldpan {

/// A box that takes part in a comparison of images.
struct ComparedBox {
  std::int32_t category = 0;
  double score = 0;
  Index feature = 0;  ///< row of the pool's box features
};

/// Throws Error unless the lists of the pool fit each other: features for every box, finite, rows
/// in range.
void check_detection_pool(const DetectionPool& pool, std::size_t batch);

/// The boxes of an image that count, at most `most` of the largest scores (ties to the first), by
/// score.
std::vector<ComparedBox> compared_boxes(const DetectionPool& pool, Index image, double least_score,
                                        std::size_t most);

/// Writes the feature of a box scaled to unit length; a zero vector stays one, whose cosine to all
/// others is 0.
void unit_feature(const DetectionPool& pool, Index row, std::span<float> out);

}  // namespace goldpan
