#include "tasks/box_matching.hpp"

#include <algorithm>
#include <cmath>

#include <goldpan/tasks/average_precision.hpp>

namespace goldpan {

double intersection_over_union(const Box& found, const Box& truth) {
  const double width = std::fmin(found.right(), truth.right()) - std::fmax(found.x, truth.x);
  if (width <= 0) return 0;
  const double height = std::fmin(found.bottom(), truth.bottom()) - std::fmax(found.y, truth.y);
  if (height <= 0) return 0;
  const double both = width * height;
  const double found_area = found.width * found.height;
  // The truth's stated area, which may be that of a mask, has no part in this: COCO's rule.
  const double either = truth.crowd ? found_area : found_area + truth.width * truth.height - both;
  return both / either;
}

void BoxMatcher::match(std::span<const Box* const> truth, std::span<const Detection* const> found,
                       std::span<MatchedBox> matched) {
  const std::size_t columns = truth.size();
  overlaps_.resize(found.size() * columns);
  largest_overlap_.resize(found.size());
  for (std::size_t d = 0; d < found.size(); ++d) {
    double* const row = overlaps_.data() + d * columns;
    double largest = 0;
    for (std::size_t g = 0; g < columns; ++g) {
      row[g] = intersection_over_union(found[d]->box, *truth[g]);
      largest = std::max(largest, row[g]);
    }
    largest_overlap_[d] = largest;
    // Unmatched until shown otherwise: wrong if it lies in the range of areas, of no account else.
    const double area = found[d]->box.area();
    for (std::size_t a = 0; a < kAreas; ++a) {
      matched[d].right[a] = 0;
      matched[d].counts[a] = kAreaRanges[a].holds(area) ? kEveryThreshold : 0;
    }
  }
  const bool any = std::ranges::any_of(
      largest_overlap_, [](double overlap) { return overlap >= kThresholdValues[0]; });
  if (!any) return;
  for (std::size_t area = 0; area < kAreas; ++area) match_area(area, truth, found, matched);
}

void BoxMatcher::match_area(std::size_t area, std::span<const Box* const> truth,
                            std::span<const Detection* const> found,
                            std::span<MatchedBox> matched) {
  const std::size_t columns = truth.size();
  order_.clear();
  for (std::uint32_t g = 0; g < columns; ++g) {
    if (is_wanted(*truth[g], area)) order_.push_back(g);
  }
  const std::size_t wanted = order_.size();
  for (std::uint32_t g = 0; g < columns; ++g) {
    if (!is_wanted(*truth[g], area)) order_.push_back(g);
  }
  for (std::size_t t = 0; t < kThresholds; ++t) {
    const double threshold = std::min(kThresholdValues[t], 1 - 1e-10);
    const auto bit = static_cast<ThresholdMask>(1u << t);
    taken_.assign(columns, 0);
    for (std::size_t d = 0; d < found.size(); ++d) {
      if (largest_overlap_[d] < threshold) continue;
      const double* const row = overlaps_.data() + d * columns;
      double best = threshold;
      std::size_t match = columns;  // a place in order_; columns: none
      for (std::size_t place = 0; place < columns; ++place) {
        const std::uint32_t g = order_[place];
        if (taken_[g] != 0 && !truth[g]->crowd) continue;
        if (match < wanted && place >= wanted) break;  // something that counts goes first
        if (row[g] < best) continue;
        best = row[g];
        match = place;
      }
      if (match == columns) continue;
      taken_[order_[match]] = 1;
      MatchedBox& box = matched[d];
      if (match < wanted) {
        box.right[area] |= bit;
        box.counts[area] |= bit;
      } else {
        box.counts[area] &= static_cast<ThresholdMask>(~bit);
      }
    }
  }
}

}  // namespace goldpan
