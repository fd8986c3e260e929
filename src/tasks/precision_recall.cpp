#include "tasks/precision_recall.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace goldpan {
namespace {

/// The state just behind the last copy of a detection that is right.
struct CurvePoint {
  std::uint64_t right;  ///< right detections so far
  double precision;
};

struct AreaNumbers {
  std::array<double, kThresholds> precision;  ///< mean over the recall points
  double recall = kNoTruth;                   ///< mean over the thresholds
};

/// needed[i]: the fewest right detections whose share of `wanted` is at least the i-th recall
/// point. Division as the definition does it, so that rounding agrees.
std::array<std::uint64_t, kRecallPoints> right_needed(std::uint64_t wanted) {
  std::array<std::uint64_t, kRecallPoints> needed;
  const auto total = static_cast<double>(wanted);
  for (std::size_t i = 0; i < kRecallPoints; ++i) {
    auto right = static_cast<std::uint64_t>(kRecallValues[i] * total);
    if (right > 0) --right;
    while (static_cast<double>(right) / total < kRecallValues[i]) ++right;
    needed[i] = right;
  }
  return needed;
}

/// The mean over recall points of the precision envelope: at the first point that reaches the
/// recall, the largest precision there or later; 0 where the recall is not reached.
double interpolated_precision(std::span<const CurvePoint> curve,
                              std::span<const std::uint64_t, kRecallPoints> needed) {
  double sum = 0, envelope = 0;
  std::size_t open = kRecallPoints;  // recall points [0, open) are still to be read
  while (open > 0 && (curve.empty() || needed[open - 1] > curve.back().right)) --open;
  for (std::size_t j = curve.size(); j > 0 && open > 0; --j) {
    envelope = std::max(envelope, curve[j - 1].precision);
    const std::uint64_t before = j > 1 ? curve[j - 2].right : 0;
    const std::size_t was = open;
    // The first curve point stands for recall 0 too.
    while (open > 0 && (needed[open - 1] > before || j == 1)) --open;
    sum += envelope * static_cast<double>(was - open);
  }
  return sum / static_cast<double>(kRecallPoints);
}

std::uint64_t total_wanted(std::span<const WantedBoxes> wanted,
                           std::span<const std::uint16_t> counts) {
  std::uint64_t total = 0;
  for (const WantedBoxes& image : wanted) {
    total += std::uint64_t{counts[image.image]} * image.count;
  }
  return total;
}

/// Mean recall over the thresholds.
double mean_recall(std::span<const CountedDetection> detections,
                   std::span<const std::uint16_t> counts, std::uint64_t wanted) {
  if (wanted == 0) return kNoTruth;
  std::uint64_t right = 0;
  for (const CountedDetection& detection : detections) {
    right += std::uint64_t{counts[detection.image]} *
             static_cast<std::uint64_t>(std::popcount(detection.right));
  }
  return static_cast<double>(right) / static_cast<double>(wanted) / kThresholds;
}

AreaNumbers area_numbers(std::span<const CountedDetection> detections,
                         std::span<const std::uint16_t> counts, std::uint64_t wanted) {
  AreaNumbers numbers;
  numbers.precision.fill(kNoTruth);
  if (wanted == 0) return numbers;

  // Reused from call to call: a bootstrap makes hundreds of thousands of them.
  thread_local std::array<std::vector<CurvePoint>, kThresholds> curves;
  for (auto& curve : curves) curve.clear();
  std::array<std::uint64_t, kThresholds> right = {}, wrong = {};
  std::uint64_t wrong_everywhere = 0;
  for (const CountedDetection& detection : detections) {
    const std::uint64_t copies = counts[detection.image];
    if (copies == 0) continue;
    if (detection.right == 0 && detection.counts == kEveryThreshold) {
      wrong_everywhere += copies;
      continue;
    }
    for (std::size_t t = 0; t < kThresholds; ++t) {
      if ((detection.counts >> t & 1) == 0) continue;
      if ((detection.right >> t & 1) == 0) {
        wrong[t] += copies;
        continue;
      }
      right[t] += copies;
      const auto r = static_cast<double>(right[t]);
      const auto w = static_cast<double>(wrong[t] + wrong_everywhere);
      // pycocotools adds np.spacing(1) against 0 / 0; at a sum of 1 it is seen in the last digit.
      curves[t].push_back({right[t], r / (w + r + std::numeric_limits<double>::epsilon())});
    }
  }
  const auto needed = right_needed(wanted);
  double recall = 0;
  for (std::size_t t = 0; t < kThresholds; ++t) {
    numbers.precision[t] = interpolated_precision(curves[t], needed);
    recall += static_cast<double>(right[t]) / static_cast<double>(wanted);
  }
  numbers.recall = recall / kThresholds;
  return numbers;
}

double mean(std::span<const double, kThresholds> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / kThresholds;
}

}  // namespace

DetectionNumbers category_numbers(const CategoryMatches& matches,
                                  std::span<const std::uint16_t> counts) {
  DetectionNumbers numbers;
  for (std::size_t area = 0; area < kAreas; ++area) {
    const std::uint64_t wanted = total_wanted(matches.wanted[area], counts);
    const AreaNumbers of_area = area_numbers(matches.detections[area], counts, wanted);
    const double precision = wanted == 0 ? kNoTruth : mean(of_area.precision);
    if (area == 0) {
      numbers[0] = precision;
      numbers[1] = of_area.precision[0];  // IoU 0.50
      numbers[2] = of_area.precision[5];  // IoU 0.75
      numbers[6] = mean_recall(matches.first[0], counts, wanted);
      numbers[7] = mean_recall(matches.first[1], counts, wanted);
      numbers[8] = of_area.recall;
    } else {
      numbers[2 + area] = precision;
      numbers[8 + area] = of_area.recall;
    }
  }
  return numbers;
}

}  // namespace goldpan
