#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

#include <goldpan/core/targets.hpp>

// COCO's average precision as one writes it down from its definition: every IoU threshold, range of
// areas and limit of detections by itself, the precision-recall curve as plain arrays. `copies`
// repeats images, as a bootstrap sample does.

namespace goldpan::reference {

struct JudgedDetection {
  double score;
  bool right, ignored;
};

inline double overlap(const Box& found, const Box& truth) {
  const double w =
      std::min(found.x + found.width, truth.x + truth.width) - std::max(found.x, truth.x);
  const double h =
      std::min(found.y + found.height, truth.y + truth.height) - std::max(found.y, truth.y);
  if (w <= 0 || h <= 0) return 0;
  const double area = found.width * found.height;
  return w * h / (truth.crowd ? area : area + truth.width * truth.height - w * h);
}

/// Judges the detections of one image and category; adds the number of boxes looked for.
inline std::vector<JudgedDetection> judge(std::vector<Box> truth, std::vector<Detection> found,
                                          double threshold, double low, double high,
                                          std::size_t most, std::size_t& wanted) {
  const auto outside = [&](double area) { return area < low || area > high; };
  const auto ignored = [&](const Box& b) { return b.crowd || b.ignore || outside(b.area()); };
  std::stable_sort(truth.begin(), truth.end(),
                   [&](const Box& a, const Box& b) { return ignored(a) < ignored(b); });
  std::stable_sort(found.begin(), found.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  // Matching sees up to 100 detections whatever the limit: the first ones do not depend on it.
  if (found.size() > most) found.resize(most);
  for (const Box& box : truth) wanted += ignored(box) ? 0 : 1;
  std::vector<bool> taken(truth.size());
  std::vector<JudgedDetection> judged;
  for (const Detection& detection : found) {
    int match = -1;
    double best = std::min(threshold, 1 - 1e-10);
    for (std::size_t g = 0; g < truth.size(); ++g) {
      if (taken[g] && !truth[g].crowd) continue;
      if (match >= 0 && !ignored(truth[static_cast<std::size_t>(match)]) && ignored(truth[g]))
        break;
      if (overlap(detection.box, truth[g]) < best) continue;
      best = overlap(detection.box, truth[g]);
      match = static_cast<int>(g);
    }
    if (match < 0) {
      judged.push_back({detection.score, false, outside(detection.box.area())});
    } else {
      taken[static_cast<std::size_t>(match)] = true;
      const bool none = ignored(truth[static_cast<std::size_t>(match)]);
      judged.push_back({detection.score, !none, none});
    }
  }
  return judged;
}

/// Mean precision over the recall points and recall, or -1 and -1.
inline std::pair<double, double> precision_and_recall(std::vector<JudgedDetection> judged,
                                                      std::size_t wanted) {
  if (wanted == 0) return {-1, -1};
  std::stable_sort(judged.begin(), judged.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  std::vector<double> recall, precision;
  double right = 0, wrong = 0;
  for (const JudgedDetection& detection : judged) {
    right += detection.right && !detection.ignored;
    wrong += !detection.right && !detection.ignored;
    recall.push_back(right / static_cast<double>(wanted));
    precision.push_back(right / (wrong + right + 0x1p-52));
  }
  for (std::size_t i = precision.size(); i > 1; --i) {
    precision[i - 2] = std::max(precision[i - 2], precision[i - 1]);
  }
  double sum = 0;
  for (int point = 0; point <= 100; ++point) {
    const double r = point == 100 ? 1.0 : point * 0.01;
    const auto at = std::lower_bound(recall.begin(), recall.end(), r);
    if (at != recall.end()) sum += precision[static_cast<std::size_t>(at - recall.begin())];
  }
  return {sum / 101, recall.empty() ? 0.0 : recall.back()};
}

/// The twelve numbers of each category.
inline std::vector<std::array<double, 12>> average_precision(
    const std::vector<std::vector<Box>>& truth, const std::vector<std::vector<Detection>>& found,
    std::size_t categories, const std::vector<std::uint16_t>& copies) {
  constexpr std::array<double, 4> lows = {0, 0, 1024, 9216}, highs = {1e10, 1024, 9216, 1e10};
  std::vector<std::array<double, 12>> numbers(categories);
  for (std::size_t c = 0; c < categories; ++c) {
    const auto value = [&](std::size_t area, std::size_t most, int only_threshold) {
      double precision = 0, recall = 0;
      for (int t = 0; t < 10; ++t) {
        if (only_threshold >= 0 && t != only_threshold) continue;
        const double threshold = t == 9 ? 0.95 : t * ((0.95 - 0.5) / 9) + 0.5;
        std::size_t wanted = 0;
        std::vector<JudgedDetection> judged;
        for (std::size_t i = 0; i < truth.size(); ++i) {
          std::vector<Box> boxes;
          std::vector<Detection> detections;
          for (const Box& b : truth[i])
            if (static_cast<std::size_t>(b.category) == c) boxes.push_back(b);
          for (const Detection& d : found[i])
            if (static_cast<std::size_t>(d.box.category) == c) detections.push_back(d);
          std::vector<JudgedDetection> of_image;
          std::size_t wanted_here = 0;
          of_image =
              judge(boxes, detections, threshold, lows[area], highs[area], most, wanted_here);
          wanted += copies[i] * wanted_here;
          for (const auto& detection : of_image) {
            for (std::uint16_t copy = 0; copy < copies[i]; ++copy) judged.push_back(detection);
          }
        }
        const auto [p, r] = precision_and_recall(judged, wanted);
        precision += p;
        recall += r;
      }
      const double thresholds = only_threshold >= 0 ? 1 : 10;
      return std::pair(precision / thresholds, recall / thresholds);
    };
    numbers[c] = {value(0, 100, -1).first,  value(0, 100, 0).first,   value(0, 100, 5).first,
                  value(1, 100, -1).first,  value(2, 100, -1).first,  value(3, 100, -1).first,
                  value(0, 1, -1).second,   value(0, 10, -1).second,  value(0, 100, -1).second,
                  value(1, 100, -1).second, value(2, 100, -1).second, value(3, 100, -1).second};
  }
  return numbers;
}

}  // namespace goldpan::reference
