#include "strategies/box_features.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

namespace goldpan {

void check_detection_pool(const DetectionPool& pool, std::size_t batch) {
  if (batch > pool.unlabeled.size()) {
    throw Error("batch", fmt::format("got {}, expected at most the {} unlabelled images", batch,
                                     pool.unlabeled.size()));
  }
  if (pool.feature_rows.size() != pool.detections.size()) {
    throw Error("box features", fmt::format("got rows for {} images, expected {}",
                                            pool.feature_rows.size(), pool.detections.size()));
  }
  for (std::size_t image = 0; image < pool.detections.size(); ++image) {
    if (pool.feature_rows[image].size() != pool.detections[image].size()) {
      throw Error(fmt::format("box features, image {}", image),
                  fmt::format("got {} rows, expected one for each of {} boxes",
                              pool.feature_rows[image].size(), pool.detections[image].size()));
    }
    for (const Index row : pool.feature_rows[image]) {
      if (row < pool.box_features.rows()) continue;
      throw Error(fmt::format("box features, image {}", image),
                  fmt::format("got row {}, expected rows below {}", row, pool.box_features.rows()));
    }
  }
  check_finite(pool.box_features, "box features");
}

std::vector<ComparedBox> compared_boxes(const DetectionPool& pool, Index image, double least_score,
                                        std::size_t most) {
  std::vector<ComparedBox> boxes;
  const std::vector<Detection>& detections = pool.detections[image];
  for (std::size_t i = 0; i < detections.size(); ++i) {
    if (detections[i].score < least_score) continue;
    boxes.push_back({detections[i].box.category, detections[i].score, pool.feature_rows[image][i]});
  }
  std::ranges::stable_sort(
      boxes, [](const ComparedBox& a, const ComparedBox& b) { return a.score > b.score; });
  if (boxes.size() > most) boxes.resize(most);
  return boxes;
}

void unit_feature(const DetectionPool& pool, Index row, std::span<float> out) {
  pool.box_features.copy_rows(row, MatrixView<float>(out.data(), 1, out.size()));
  double square = 0;
  for (const float value : out) square += static_cast<double>(value) * value;
  if (square == 0) return;
  const double scale = 1 / std::sqrt(square);
  for (float& value : out) value = static_cast<float>(value * scale);
}

}  // namespace goldpan
