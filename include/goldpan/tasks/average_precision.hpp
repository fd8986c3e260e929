#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/targets.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// COCO's twelve numbers, in COCO's order. Stable: they name rows of metrics.csv.
inline constexpr std::array<std::string_view, 12> kDetectionMetrics = {
    "AP",  "AP50", "AP75",  "AP_small", "AP_medium", "AP_large",
    "AR1", "AR10", "AR100", "AR_small", "AR_medium", "AR_large"};

/// One value for each of kDetectionMetrics, each in [0, 1], or kNoTruth.
using DetectionNumbers = std::array<double, kDetectionMetrics.size()>;

/// What COCO writes where there is no ground truth to find.
inline constexpr double kNoTruth = -1.0;

struct DetectionEvaluation {
  /// Means over the categories that have ground truth.
  DetectionNumbers all;
  /// Of each category.
  std::vector<DetectionNumbers> categories;
};

/// Detections matched to ground truth, image by image: done once, then cut into slices and
/// resampled as often as one likes, since a match never reaches beyond its image.
///
/// The definition is COCO's (Lin et al. 2014, as in pycocotools): IoU thresholds 0.50, 0.55, ...
/// 0.95; 101 recall points; the best 100 detections of an image and category; areas split at 32^2
/// and 96^2 (both ends belong to a range). Detections take, in stable descending order of score,
/// the ground truth not yet taken that has the largest IoU (the later one at a tie), those that
/// count before crowds and ignored ones; IoU with a crowd is intersection over the detection's
/// area, and a crowd is never used up. Matches to what is ignored, and unmatched detections outside
/// the range of areas, do not count. Scores tie across images in the order of the images: order
/// them by id to agree with pycocotools to the last digits.
class DetectionMatches {
 public:
  /// `truth[i]` and `found[i]` belong to image i; categories are below `categories`. Truth with
  /// `ignore` set is treated as a crowd is, but may be matched once only. Throws Error naming image
  /// and box for a category out of range, a number that is not finite, or a negative size. The
  /// inputs are not referred to afterwards.
  DetectionMatches(std::span<const std::vector<Box>> truth,
                   std::span<const std::vector<Detection>> found, std::size_t categories,
                   Workers& workers);
  ~DetectionMatches();
  DetectionMatches(DetectionMatches&&) noexcept;
  DetectionMatches& operator=(DetectionMatches&&) noexcept;

  std::size_t images() const;
  std::size_t categories() const;
  /// Images with a box of this category that is to be found.
  std::size_t images_with_truth(std::size_t category) const;

  /// The numbers of all images.
  DetectionEvaluation evaluate(Workers& workers) const;
  /// The numbers of a data set that holds image i `counts[i]` times (0: not at all): a slice, or a
  /// bootstrap sample. Copies of one detection stand next to each other in the order of scores.
  /// Single-threaded, and safe to call from several. Requires: counts.size() == images().
  DetectionEvaluation evaluate(std::span<const std::uint16_t> counts) const;
  /// The matches of some images, which become 0, 1, ... in the order given. Costs what it cuts
  /// from; what is left costs what is left. Requires: distinct images below images().
  DetectionMatches only(std::span<const Index> images) const;

 private:
  struct State;
  explicit DetectionMatches(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// DetectionMatches(...).evaluate(workers).
DetectionEvaluation evaluate_detection(std::span<const std::vector<Box>> truth,
                                       std::span<const std::vector<Detection>> found,
                                       std::size_t categories, Workers& workers);

/// Intersection over union of two boxes; over the area of `found` where the truth is a crowd. 0
/// where they do not overlap.
double intersection_over_union(const Box& found, const Box& truth);

}  // namespace goldpan
