#include <algorithm>
#include <limits>

#include "distributed/gradients.hpp"
#include "distributed/steps.hpp"

namespace goldpan::distributed {
namespace {

class BadgeShard : public ShardSteps {
 public:
  explicit BadgeShard(const ShardView& shard) : shard_(shard), rows_(shard_.pool.unlabeled) {}

  void propose(Reader& request, Writer& answer) override {
    const auto ask = request.get<GradientAsk>();
    at_ = request.get<Positions>();
    if (at_.end - at_.begin != rows_.size()) throw Error("message", "is for another shard");
    if (request.get<std::uint8_t>() != 0) {  // what a shard that was made anew has missed
      bounds_.clear();
      lower(request);
    }
    begin();
    switch (ask) {
      case GradientAsk::kLongest:
        return longest(answer);
      case GradientAsk::kRefresh:
        lower(request);
        return put_sums(answer);
      case GradientAsk::kBounds:
        for (const std::uint64_t block : request.get_all<std::uint64_t>()) {
          const std::uint64_t first = at_.begin_of(block), last = at_.end_of(block);
          answer.put_all(bounds_between(first, last));
        }
        return;
      case GradientAsk::kGradients:
        return put_gradients_of(request.get_all<std::uint64_t>(), answer);
      case GradientAsk::kLeft:
        return left(request, answer);
    }
    throw Error("message", "asks what badge does not know");
  }

 private:
  void begin() {
    if (bounds_.size() == rows_.size()) return;
    bounds_.assign(rows_.size(), std::numeric_limits<float>::infinity());
    squared_norms_.resize(rows_.size());
    shard_.workers.for_blocks(rows_.size(), kRowBlock, [&](std::size_t begin, std::size_t end) {
      squared_gradient_norms(shard_.pool, rows_.subspan(begin, end - begin),
                             std::span(squared_norms_).subspan(begin, end - begin));
    });
  }

  std::span<const float> bounds_between(std::uint64_t first, std::uint64_t last) const {
    return std::span<const float>(bounds_).subspan(first - at_.begin, last - first);
  }

  std::size_t place_of(std::uint64_t position) const {
    if (position < at_.begin || position >= at_.end) {
      throw Error("message", "asks for a row of another shard");
    }
    return position - at_.begin;
  }

  /// Brings every bound up to date with these picks and draws.
  void lower(Reader& request) {
    begin();
    const GradientRows picks = get_gradients(request);
    if (picks.count > 0 && !rows_.empty()) {
      const std::size_t features = shard_.pool.head_features().cols();
      const std::size_t classes = shard_.pool.probabilities.cols();
      if (picks.features.cols() != features || picks.residuals.cols() != classes) {
        throw Error("message", "is of another width");
      }
      shard_.workers.for_blocks(rows_.size(), kRowBlock, [&](std::size_t begin, std::size_t end) {
        GradientRows block(end - begin, features, classes);
        read_gradients(shard_.pool, rows_.subspan(begin, end - begin),
                       std::span(squared_norms_).subspan(begin, end - begin), block);
        lower_to_nearest(block, picks, 0, picks.count,
                         std::span(bounds_).subspan(begin, end - begin));
      });
    }
    for (const LoweredBound& lowered : request.get_all<LoweredBound>()) {
      if (lowered.position < at_.begin || lowered.position >= at_.end) continue;
      float& bound = bounds_[lowered.position - at_.begin];
      bound = std::min(bound, lowered.bound);
    }
  }

  /// Sums of the blocks that lie in this shard alone; the bounds of the others, which the
  /// coordinator sums in the order of one machine.
  void put_sums(Writer& answer) const {
    const std::uint64_t first = at_.first_whole(), last = at_.last_whole();
    std::vector<double> sums(last - first);
    for (std::uint64_t block = first; block < last; ++block) {
      sums[block - first] = sum_bounds(bounds_between(at_.begin_of(block), at_.end_of(block)));
    }
    answer.put_all(sums);
    const std::uint64_t head_end = std::min(at_.end, first * kRowBlock);
    answer.put_all(bounds_between(at_.begin, head_end));
    const std::uint64_t tail_begin = std::max(head_end, std::min(at_.end, last * kRowBlock));
    answer.put_all(bounds_between(tail_begin, at_.end));
  }

  void longest(Writer& answer) const {
    if (rows_.empty()) return answer.put_all(std::vector<std::uint64_t>());
    const auto found = std::max_element(squared_norms_.begin(), squared_norms_.end());
    put_gradients_of({at_.begin + static_cast<std::uint64_t>(found - squared_norms_.begin())},
                     answer);
  }

  void put_gradients_of(const std::vector<std::uint64_t>& positions, Writer& answer) const {
    std::vector<Index> rows;
    std::vector<float> norms;
    std::vector<std::uint64_t> numbers;
    for (const std::uint64_t position : positions) {
      const std::size_t place = place_of(position);
      rows.push_back(rows_[place]);
      norms.push_back(squared_norms_[place]);
      numbers.push_back(shard_.first_row + rows_[place]);
    }
    GradientRows gradients(rows.size(), shard_.pool.head_features().cols(),
                           shard_.pool.probabilities.cols());
    read_gradients(shard_.pool, rows, norms, gradients);
    answer.put_all(positions);
    answer.put_all(numbers);
    put_gradients(gradients, 0, gradients.count, answer);
  }

  void left(Reader& request, Writer& answer) const {
    const auto count = request.get<std::uint64_t>();
    std::vector<bool> taken(rows_.size(), false);
    for (const std::uint64_t position : request.get_all<std::uint64_t>()) {
      if (position >= at_.begin && position < at_.end) taken[position - at_.begin] = true;
    }
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!taken[i]) places.push_back(i);
    }
    const auto kept = static_cast<std::ptrdiff_t>(std::min<std::size_t>(count, places.size()));
    std::ranges::partial_sort(places, places.begin() + kept, [&](std::size_t a, std::size_t b) {
      return squared_norms_[a] != squared_norms_[b] ? squared_norms_[a] > squared_norms_[b] : a < b;
    });
    places.resize(static_cast<std::size_t>(kept));
    std::vector<float> norms;
    std::vector<std::uint64_t> numbers;
    for (const std::size_t place : places) {
      norms.push_back(squared_norms_[place]);
      numbers.push_back(shard_.first_row + rows_[place]);
    }
    answer.put_all(norms);
    answer.put_all(numbers);
  }

  ShardView shard_;
  std::span<const Index> rows_;  // the unlabelled
  Positions at_ = {};
  std::vector<float> bounds_;
  std::vector<float> squared_norms_;
};

}  // namespace

std::unique_ptr<ShardSteps> badge_shard(const ShardView& shard) {
  return std::make_unique<BadgeShard>(shard);
}

}  // namespace goldpan::distributed
