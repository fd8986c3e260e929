#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/strategies/detection.hpp>

#include "kernels/top_k.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 256;

double entropy_term(double p) { return p > 0 ? -p * std::log(p) : 0.0; }

double binary_entropy(double p) { return entropy_term(p) + entropy_term(1 - p); }

double aggregate(std::vector<double>& scores, const ImageScoreOptions& options) {
  if (scores.empty()) return options.empty;
  std::ranges::sort(scores, std::ranges::greater());  // also fixes the order of the sum
  std::size_t counted = scores.size();
  switch (options.aggregate) {
    case BoxAggregate::kMax:
      return scores.front();
    case BoxAggregate::kTopK:
      counted = std::min(counted, options.top_k);
      break;
    case BoxAggregate::kMean:
    case BoxAggregate::kSum:
      break;
  }
  double sum = 0;
  for (std::size_t i = 0; i < counted; ++i) sum += scores[i];
  return options.aggregate == BoxAggregate::kSum ? sum : sum / static_cast<double>(counted);
}

}  // namespace

double box_score(const Detection& detection, BoxScore kind) {
  const double score = std::clamp(detection.score, 0.0, 1.0);
  if (kind == BoxScore::kBinaryEntropy || detection.probabilities.empty()) {
    switch (kind) {
      case BoxScore::kEntropy:
      case BoxScore::kBinaryEntropy:
        return binary_entropy(score);
      case BoxScore::kMargin:
        return 1 - std::abs(2 * score - 1);
      case BoxScore::kLeastConfidence:
        return 1 - score;
    }
  }
  double entropy = 0, first = 0, second = 0;
  for (const double p : detection.probabilities) {
    entropy += entropy_term(p);
    second = std::max(second, std::min(first, p));
    first = std::max(first, p);
  }
  if (kind == BoxScore::kEntropy) return entropy;
  return kind == BoxScore::kMargin ? 1 - (first - second) : 1 - first;
}

std::vector<double> image_scores(std::span<const std::vector<Detection>> detections,
                                 const ImageScoreOptions& options, Workers& workers) {
  if (options.top_k == 0) throw Error("top_k", "got 0, expected 1 or more");
  std::vector<double> scores(detections.size());
  workers.for_blocks(detections.size(), kBlock, [&](std::size_t begin, std::size_t end) {
    std::vector<double> of_boxes;
    for (std::size_t image = begin; image < end; ++image) {
      of_boxes.clear();
      for (std::size_t i = 0; i < detections[image].size(); ++i) {
        const Detection& detection = detections[image][i];
        const auto where = [&] { return fmt::format("image {}, detection {}", image, i); };
        if (!std::isfinite(detection.score)) throw Error(where(), "has a score that is not finite");
        if (detection.score < options.least_score) continue;
        double weight = 1;
        if (!options.category_weights.empty()) {
          const auto category = static_cast<std::size_t>(detection.box.category);
          if (category >= options.category_weights.size()) {
            throw Error(where(),
                        fmt::format("has category {}, but there are {} weights",
                                    detection.box.category, options.category_weights.size()));
          }
          weight = options.category_weights[category];
        }
        of_boxes.push_back(weight * box_score(detection, options.box));
      }
      scores[image] = aggregate(of_boxes, options);
    }
  });
  return scores;
}

std::vector<double> expected_boxes(std::span<const std::vector<Detection>> detections,
                                   double least_score) {
  std::vector<double> boxes;
  boxes.reserve(detections.size());
  for (const auto& of_image : detections) {
    boxes.push_back(static_cast<double>(std::ranges::count_if(
        of_image, [&](const Detection& d) { return d.score >= least_score; })));
  }
  return boxes;
}

double box_correlation(std::span<const double> scores, std::span<const double> boxes,
                       std::span<const Index> images) {
  const auto n = static_cast<double>(images.size());
  double mean_score = 0, mean_boxes = 0;
  for (const Index image : images) {
    mean_score += scores[image] / n;
    mean_boxes += boxes[image] / n;
  }
  double both = 0, score_square = 0, boxes_square = 0;
  for (const Index image : images) {
    const double s = scores[image] - mean_score, b = boxes[image] - mean_boxes;
    both += s * b;
    score_square += s * s;
    boxes_square += b * b;
  }
  const double scale = std::sqrt(score_square) * std::sqrt(boxes_square);
  return scale > 0 ? both / scale : 0.0;
}

Selection select_by_scores(std::span<const double> scores, std::span<const Index> unlabeled,
                           std::size_t batch) {
  std::vector<double> values;
  values.reserve(unlabeled.size());
  for (const Index row : unlabeled) values.push_back(scores[row]);
  TopK best(batch);
  best.add(unlabeled, values);
  Selection selection;
  for (const TopK::Entry& entry : best.take()) {
    selection.indices.push_back(entry.row);
    selection.scores.push_back(entry.score);
  }
  return selection;
}

}  // namespace goldpan
