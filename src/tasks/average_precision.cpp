#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/tasks/average_precision.hpp>

#include "tasks/box_matching.hpp"
#include "tasks/precision_recall.hpp"

namespace goldpan {

struct DetectionMatches::State {
  std::size_t images = 0;
  std::vector<CategoryMatches> categories;
};

namespace {

// Images of one task. Fixed, so that blocks are the same for any number of threads.
constexpr std::size_t kBlock = 64;

/// A detection among those of its category, before they are put in order.
struct Entry {
  double score = 0;
  std::uint32_t image = 0;
  std::uint32_t category = 0;
  std::uint32_t rank = 0;  // among the detections of its image and category
  MatchedBox matched;
};

struct Wanted {
  std::uint32_t image = 0;
  std::uint32_t category = 0;
  std::array<std::uint32_t, kAreas> count = {};
};

/// What a block of images adds, in the order of its images.
struct Block {
  std::vector<Entry> entries;
  std::vector<Wanted> wanted;
};

void check_box(const Box& box, std::size_t categories, std::size_t image, std::size_t place,
               const char* kind) {
  const auto where = [&] { return fmt::format("image {}, {} {}", image, kind, place); };
  if (box.category < 0 || static_cast<std::size_t>(box.category) >= categories) {
    throw Error(where(), fmt::format("got category {}, expected 0 to {}", box.category,
                                     static_cast<std::ptrdiff_t>(categories) - 1));
  }
  if (!std::isfinite(box.x) || !std::isfinite(box.y) || !std::isfinite(box.width) ||
      !std::isfinite(box.height) || !std::isfinite(box.stated_area)) {
    throw Error(where(), "holds a NaN or an infinity, expected finite numbers");
  }
  if (box.width < 0 || box.height < 0) {
    throw Error(where(),
                fmt::format("got a size of {} x {}, expected 0 or more", box.width, box.height));
  }
}

/// Matches the boxes of one image at a time. Keeps its memory from image to image.
class ImageMatcher {
 public:
  explicit ImageMatcher(std::size_t categories) : categories_(categories) {}

  void add(std::size_t image, const std::vector<Box>& truth, const std::vector<Detection>& found,
           Block& block) {
    sort_truth(image, truth);
    sort_found(image, found);
    std::size_t g = 0, d = 0;
    while (g < truth_.size() || d < found_.size()) {
      const std::int32_t category = std::min(
          g < truth_.size() ? truth_[g]->category : std::numeric_limits<std::int32_t>::max(),
          d < found_.size() ? found_[d]->box.category : std::numeric_limits<std::int32_t>::max());
      std::size_t g_end = g, d_end = d;
      while (g_end < truth_.size() && truth_[g_end]->category == category) ++g_end;
      while (d_end < found_.size() && found_[d_end]->box.category == category) ++d_end;
      add_category(image, category, std::span(truth_).subspan(g, g_end - g),
                   std::span(found_).subspan(d, std::min(d_end - d, kMostDetections)), block);
      g = g_end;
      d = d_end;
    }
  }

 private:
  void sort_truth(std::size_t image, const std::vector<Box>& truth) {
    truth_.clear();
    for (std::size_t i = 0; i < truth.size(); ++i) {
      check_box(truth[i], categories_, image, i, "box");
      truth_.push_back(&truth[i]);
    }
    // Boxes lie in one array, so that their addresses tell their order: equal to a stable sort.
    std::ranges::sort(truth_, [](const Box* a, const Box* b) {
      return a->category != b->category ? a->category < b->category : a < b;
    });
  }

  void sort_found(std::size_t image, const std::vector<Detection>& found) {
    found_.clear();
    for (std::size_t i = 0; i < found.size(); ++i) {
      check_box(found[i].box, categories_, image, i, "detection");
      if (!std::isfinite(found[i].score)) {
        throw Error(fmt::format("image {}, detection {}", image, i),
                    "has a score that is a NaN or an infinity, expected a finite number");
      }
      found_.push_back(&found[i]);
    }
    std::ranges::sort(found_, [](const Detection* a, const Detection* b) {
      if (a->box.category != b->box.category) return a->box.category < b->box.category;
      return a->score != b->score ? a->score > b->score : a < b;
    });
  }

  void add_category(std::size_t image, std::int32_t category, std::span<const Box* const> truth,
                    std::span<const Detection* const> found, Block& block) {
    matched_.resize(found.size());
    matcher_.match(truth, found, matched_);
    for (std::size_t rank = 0; rank < found.size(); ++rank) {
      block.entries.push_back({found[rank]->score, static_cast<std::uint32_t>(image),
                               static_cast<std::uint32_t>(category),
                               static_cast<std::uint32_t>(rank), matched_[rank]});
    }
    if (truth.empty()) return;
    Wanted wanted{static_cast<std::uint32_t>(image), static_cast<std::uint32_t>(category), {}};
    for (const Box* box : truth) {
      for (std::size_t area = 0; area < kAreas; ++area) wanted.count[area] += is_wanted(*box, area);
    }
    block.wanted.push_back(wanted);
  }

  std::size_t categories_;
  BoxMatcher matcher_;
  std::vector<const Box*> truth_;
  std::vector<const Detection*> found_;
  std::vector<MatchedBox> matched_;
};

/// Puts a category's detections in order of score (stable: images in order, then ranks) and cuts
/// them into what each number needs.
void fill_category(std::vector<const Entry*>& entries, CategoryMatches& category) {
  std::ranges::stable_sort(entries,
                           [](const Entry* a, const Entry* b) { return a->score > b->score; });
  for (const Entry* entry : entries) {
    for (std::size_t area = 0; area < kAreas; ++area) {
      if (entry->matched.counts[area] == 0) continue;
      category.detections[area].push_back(
          {entry->image, entry->matched.right[area], entry->matched.counts[area]});
    }
    if (entry->matched.right[0] == 0) continue;
    const CountedDetection right{entry->image, entry->matched.right[0], entry->matched.counts[0]};
    if (entry->rank < 1) category.first[0].push_back(right);
    if (entry->rank < 10) category.first[1].push_back(right);
  }
  for (auto& detections : category.detections) detections.shrink_to_fit();
}

void average_categories(DetectionEvaluation& evaluation) {
  for (std::size_t m = 0; m < kDetectionMetrics.size(); ++m) {
    double sum = 0;
    std::size_t present = 0;
    for (const DetectionNumbers& numbers : evaluation.categories) {
      if (numbers[m] == kNoTruth) continue;
      sum += numbers[m];
      ++present;
    }
    evaluation.all[m] = present == 0 ? kNoTruth : sum / static_cast<double>(present);
  }
}

}  // namespace

DetectionMatches::DetectionMatches(std::span<const std::vector<Box>> truth,
                                   std::span<const std::vector<Detection>> found,
                                   std::size_t categories, Workers& workers)
    : state_(std::make_unique<State>()) {
  if (truth.size() != found.size()) {
    throw Error("detections", fmt::format("got {} images, expected the {} that have truth",
                                          found.size(), truth.size()));
  }
  state_->images = truth.size();
  state_->categories.resize(categories);
  std::vector<Block> blocks((truth.size() + kBlock - 1) / kBlock);
  workers.run(blocks.size(), [&](std::size_t b) {
    ImageMatcher matcher(categories);
    const std::size_t end = std::min(truth.size(), (b + 1) * kBlock);
    for (std::size_t image = b * kBlock; image < end; ++image) {
      matcher.add(image, truth[image], found[image], blocks[b]);
    }
  });

  std::vector<std::size_t> sizes(categories);
  for (const Block& block : blocks) {
    for (const Entry& entry : block.entries) ++sizes[entry.category];
  }
  std::vector<std::vector<const Entry*>> entries(categories);
  for (std::size_t c = 0; c < categories; ++c) entries[c].reserve(sizes[c]);
  for (const Block& block : blocks) {
    for (const Entry& entry : block.entries) entries[entry.category].push_back(&entry);
    for (const Wanted& wanted : block.wanted) {
      for (std::size_t area = 0; area < kAreas; ++area) {
        if (wanted.count[area] == 0) continue;
        state_->categories[wanted.category].wanted[area].push_back(
            {wanted.image, wanted.count[area]});
      }
    }
  }
  workers.run(categories, [&](std::size_t c) { fill_category(entries[c], state_->categories[c]); });
}

DetectionMatches::DetectionMatches(std::unique_ptr<State> state) : state_(std::move(state)) {}
DetectionMatches::~DetectionMatches() = default;
DetectionMatches::DetectionMatches(DetectionMatches&&) noexcept = default;
DetectionMatches& DetectionMatches::operator=(DetectionMatches&&) noexcept = default;

std::size_t DetectionMatches::images() const { return state_->images; }
std::size_t DetectionMatches::categories() const { return state_->categories.size(); }

std::size_t DetectionMatches::images_with_truth(std::size_t category) const {
  return state_->categories[category].wanted[0].size();
}

DetectionMatches DetectionMatches::only(std::span<const Index> kept) const {
  constexpr Index kNone = std::numeric_limits<Index>::max();
  std::vector<Index> places(images(), kNone);
  for (std::size_t i = 0; i < kept.size(); ++i) places[kept[i]] = static_cast<Index>(i);
  const auto copy_kept = [&](const auto& from, auto& to) {
    for (auto entry : from) {
      entry.image = places[entry.image];
      if (entry.image != kNone) to.push_back(entry);
    }
  };
  auto state = std::make_unique<State>();
  state->images = kept.size();
  state->categories.resize(categories());
  for (std::size_t c = 0; c < categories(); ++c) {
    const CategoryMatches& from = state_->categories[c];
    CategoryMatches& to = state->categories[c];
    for (std::size_t area = 0; area < kAreas; ++area) {
      copy_kept(from.detections[area], to.detections[area]);
      copy_kept(from.wanted[area], to.wanted[area]);
    }
    for (std::size_t f = 0; f < from.first.size(); ++f) copy_kept(from.first[f], to.first[f]);
  }
  return DetectionMatches(std::move(state));
}

DetectionEvaluation DetectionMatches::evaluate(Workers& workers) const {
  const std::vector<std::uint16_t> once(images(), 1);
  DetectionEvaluation evaluation;
  evaluation.categories.resize(categories());
  workers.run(categories(), [&](std::size_t c) {
    evaluation.categories[c] = category_numbers(state_->categories[c], once);
  });
  average_categories(evaluation);
  return evaluation;
}

DetectionEvaluation DetectionMatches::evaluate(std::span<const std::uint16_t> counts) const {
  assert(counts.size() == images());
  DetectionEvaluation evaluation;
  evaluation.categories.resize(categories());
  for (std::size_t c = 0; c < categories(); ++c) {
    evaluation.categories[c] = category_numbers(state_->categories[c], counts);
  }
  average_categories(evaluation);
  return evaluation;
}

DetectionEvaluation evaluate_detection(std::span<const std::vector<Box>> truth,
                                       std::span<const std::vector<Detection>> found,
                                       std::size_t categories, Workers& workers) {
  return DetectionMatches(truth, found, categories, workers).evaluate(workers);
}

}  // namespace goldpan
