#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/strategies/detection.hpp>

#include "strategies/box_features.hpp"

namespace goldpan {

double ppal_difficulty(double quality) {
  constexpr double kAlpha = 0.3, kBeta = 0.2;
  return 1 + kAlpha * kBeta * std::log((std::exp(1 / kAlpha) - 1) * (1 - quality) + 1);
}

Selection ppal(const DetectionPool& pool, std::size_t batch, const PpalOptions& options,
               Workers& workers) {
  check_detection_pool(pool, batch);
  if (batch == 0) return {};
  if (!(options.candidates >= 1)) {
    throw Error("candidates", fmt::format("got {}, expected 1 or more", options.candidates));
  }
  ImageScoreOptions score_options{.box = BoxScore::kBinaryEntropy,
                                  .aggregate = BoxAggregate::kSum,
                                  .top_k = 1,
                                  .least_score = options.least_score,
                                  .empty = 0.0,
                                  .category_weights = {}};
  std::size_t categories = options.category_quality.size();
  for (const auto& detections : pool.detections) {
    for (const Detection& detection : detections) {
      categories = std::max(categories, static_cast<std::size_t>(detection.box.category) + 1);
    }
  }
  for (std::size_t c = 0; c < categories; ++c) {
    const bool known = c < options.category_quality.size();
    score_options.category_weights.push_back(
        ppal_difficulty(known ? options.category_quality[c] : 0.0));
  }
  const std::vector<double> scores = image_scores(pool.detections, score_options, workers);

  const double wanted = std::ceil(options.candidates * static_cast<double>(batch));
  const std::size_t size =
      std::clamp(static_cast<std::size_t>(std::min(wanted, 0x1p52)), batch, pool.unlabeled.size());
  std::vector<Index> candidates = select_by_scores(scores, pool.unlabeled, size).indices;
  const Index best = candidates.front();
  std::ranges::sort(candidates);
  const auto first = static_cast<Index>(std::ranges::find(candidates, best) - candidates.begin());
  const Matrix<float> distances = image_distances(pool, candidates, options.least_score,
                                                  options.most_boxes, workers, options.progress);
  std::vector<Index> chosen;
  for (const Index place : k_medoids(distances, batch, first, options.iterations, workers)) {
    chosen.push_back(candidates[place]);
  }
  return select_by_scores(scores, chosen, chosen.size());
}

}  // namespace goldpan
