#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include <goldpan/strategies/detection.hpp>

#include "strategies/box_features.hpp"

namespace goldpan {
namespace {

/// The direction of a category's boxes in one image: their weighted mean, at unit length.
using Prototypes = std::map<std::int32_t, std::vector<float>>;

struct Sight {
  double score = 0;
  Prototypes prototypes;
};

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

/// Entropy-based suppression and the prototypes of what is left.
Sight look_at(const DetectionPool& pool, Index image, const DivProtoOptions& options) {
  struct Kept {
    std::int32_t category;
    double entropy;
    std::vector<float> feature;
  };
  const std::vector<Detection>& detections = pool.detections[image];
  std::vector<std::size_t> order(detections.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<double> entropies;
  for (const Detection& detection : detections) {
    entropies.push_back(box_score(detection, BoxScore::kBinaryEntropy));
  }
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return entropies[a] > entropies[b]; });
  std::vector<Kept> kept;
  Sight sight;
  for (const std::size_t i : order) {
    if (detections[i].score < options.least_score) continue;
    Kept box{detections[i].box.category, entropies[i],
             std::vector<float>(pool.box_features.cols())};
    unit_feature(pool, pool.feature_rows[image][i], box.feature);
    const bool repeats = std::ranges::any_of(kept, [&](const Kept& other) {
      return other.category == box.category && dot(other.feature, box.feature) > options.duplicate;
    });
    if (repeats) continue;
    sight.score += box.entropy;
    std::vector<float>& prototype = sight.prototypes[box.category];
    prototype.resize(box.feature.size());
    for (std::size_t d = 0; d < box.feature.size(); ++d) {
      prototype[d] += static_cast<float>(box.entropy) * box.feature[d];
    }
    kept.push_back(std::move(box));
  }
  for (auto& [category, prototype] : sight.prototypes) {
    const double square = dot(prototype, prototype);
    if (square == 0) continue;
    for (float& value : prototype) value = static_cast<float>(value / std::sqrt(square));
  }
  return sight;
}

}  // namespace

Selection div_proto(const DetectionPool& pool, std::size_t batch, const DivProtoOptions& options,
                    Workers& workers) {
  check_detection_pool(pool, batch);
  if (batch == 0) return {};
  std::vector<Sight> sights(pool.detections.size());
  workers.for_blocks(pool.unlabeled.size(), 16, [&](std::size_t begin, std::size_t end) {
    for (const Index image : pool.unlabeled.subspan(begin, end - begin)) {
      sights[image] = look_at(pool, image, options);
    }
  });
  std::vector<double> scores;
  for (const Sight& sight : sights) scores.push_back(sight.score);
  const Selection ranking = select_by_scores(scores, pool.unlabeled, pool.unlabeled.size());

  Selection selection;
  std::vector<Index> passed_over;
  std::map<std::int32_t, std::vector<const std::vector<float>*>> chosen;
  for (const Index image : ranking.indices) {
    if (selection.indices.size() == batch) break;
    const Prototypes& prototypes = sights[image].prototypes;
    const bool seen = !prototypes.empty() && std::ranges::all_of(prototypes, [&](const auto& own) {
      const auto others = chosen.find(own.first);
      return others != chosen.end() &&
             std::ranges::any_of(others->second, [&](const std::vector<float>* other) {
               return dot(own.second, *other) > options.near;
             });
    });
    if (seen) {
      passed_over.push_back(image);
      continue;
    }
    selection.indices.push_back(image);
    for (const auto& [category, prototype] : prototypes) chosen[category].push_back(&prototype);
    options.progress.step(selection.indices.size(), batch);
  }
  const std::size_t fill = batch - selection.indices.size();
  for (std::size_t i = 0; i < fill; ++i) selection.indices.push_back(passed_over[i]);
  for (const Index image : selection.indices) selection.scores.push_back(scores[image]);
  if (fill > 0) {
    selection.notes.push_back(fmt::format(
        "div_proto: {} of {} picks look like others that were chosen: nothing else was left", fill,
        batch));
  }
  return selection;
}

}  // namespace goldpan
