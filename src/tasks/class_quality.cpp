#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/tasks/average_precision.hpp>
#include <goldpan/tasks/class_quality.hpp>

namespace goldpan {

std::vector<double> class_quality(std::span<const std::vector<Box>> truth,
                                  std::span<const std::vector<Detection>> found,
                                  std::size_t categories) {
  constexpr double kLeastOverlap = 0.5, kScorePower = 0.6, kOverlapPower = 0.4;
  if (truth.size() != found.size()) {
    throw Error("detections", fmt::format("got {} images, expected the {} that have truth",
                                          found.size(), truth.size()));
  }
  std::vector<double> sums(categories), matches(categories);
  for (std::size_t image = 0; image < truth.size(); ++image) {
    std::vector<const Detection*> order;
    for (const Detection& detection : found[image]) order.push_back(&detection);
    std::ranges::stable_sort(
        order, [](const Detection* a, const Detection* b) { return a->score > b->score; });
    std::vector<char> taken(truth[image].size());
    for (const Detection* detection : order) {
      double best = kLeastOverlap;
      std::size_t match = taken.size();
      for (std::size_t g = 0; g < taken.size(); ++g) {
        const Box& box = truth[image][g];
        if (taken[g] != 0 || box.crowd || box.ignore || box.category != detection->box.category) {
          continue;
        }
        const double overlap = intersection_over_union(detection->box, box);
        if (overlap < best || (overlap == best && match < taken.size())) continue;
        best = overlap;
        match = g;
      }
      if (match == taken.size()) continue;
      taken[match] = 1;
      const auto category = static_cast<std::size_t>(detection->box.category);
      const double score = std::clamp(detection->score, 0.0, 1.0);
      sums.at(category) += std::pow(score, kScorePower) * std::pow(best, kOverlapPower);
      matches.at(category) += 1;
    }
  }
  for (std::size_t c = 0; c < categories; ++c) {
    sums[c] = matches[c] > 0 ? std::min(sums[c] / matches[c], 1.0) : 0.0;
  }
  return sums;
}

}  // namespace goldpan
