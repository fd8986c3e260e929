#include "strategies/greedy_coverage.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <queue>
#include <vector>

#include "kernels/coverage.hpp"
#include "strategies/coverage_gains.hpp"

namespace goldpan {
namespace {

// Rows that are brought up to date together, at most, by products of floats and by bounds.
constexpr std::size_t kMostTogether = 256;
constexpr std::size_t kMostBounded = 4096;
// ... and so many where it is not known that more will be needed.
constexpr std::size_t kFew = 16;
/// Lazy greedy: gains only fall, so that the first in the queue is the largest once it is exact and
/// up to date.
class GreedyCoverage {
 public:
  GreedyCoverage(CoverageGains& gains, const Progress& progress)
      : gains_(gains), progress_(progress) {}

  Selection pick(std::span<const Index> unlabeled, std::size_t batch, double count) {
    seen_.assign(gains_.size(), 0);
    picked_.assign(gains_.size(), false);
    fill();
    Selection selection;
    while (selection.indices.size() < batch) {
      round_ = static_cast<std::uint32_t>(selection.indices.size());
      const Entry top = heap_.top();
      if (is_fresh(top.place) && gains_.is_exact(top.place)) {
        heap_.pop();
        progress_.step(selection.indices.size(), batch);
        selection.indices.push_back(unlabeled[top.place]);
        selection.scores.push_back(static_cast<double>(top.gain) * kCoverageUnit / count);
        picked_[top.place] = true;
        gains_.cover(top.place);
        floor_ = -1;
        few_ = kFew;
        many_ = 2 * kFew;
      } else if (gains_.has_list(top.place) && !is_fresh(top.place)) {
        heap_.pop();
        gains_.walk(top.place);
        give_back(top.place);
      } else if (is_fresh(top.place)) {
        measure_top();
      } else if (since_refresh_ > gains_.size() / 4 && gains_.refresh()) {
        since_refresh_ = 0;
        std::fill(seen_.begin(), seen_.end(), round_);
        fill();
      } else {
        update_top();
      }
    }
    return selection;
  }

 private:
  struct Entry {
    std::int64_t gain;
    std::uint32_t place;
    bool operator<(const Entry& other) const {
      return gain != other.gain ? gain < other.gain : place > other.place;
    }
  };

  bool is_fresh(std::uint32_t place) const { return seen_[place] == round_; }

  void fill() {
    std::vector<Entry> entries;
    for (std::uint32_t place = 0; place < gains_.size(); ++place) {
      if (!picked_[place]) entries.push_back({gains_.gain(place), place});
    }
    heap_ = std::priority_queue<Entry>(std::less<Entry>(), std::move(entries));
  }

  /// Of a place that is up to date.
  void give_back(std::uint32_t place) {
    seen_[place] = round_;
    if (gains_.is_exact(place)) floor_ = std::max(floor_, gains_.gain(place));
    heap_.push({gains_.gain(place), place});
  }

  /// Takes the first `most` places that are wanted from the queue, among the first `far` and those
  /// that may gain more than the best which is known.
  template <typename IsWanted>
  std::vector<std::uint32_t> take(std::size_t most, std::size_t far, const IsWanted& is_wanted) {
    std::vector<std::uint32_t> some;
    std::vector<Entry> others;
    while (some.size() < most && !heap_.empty() && others.size() <= far &&
           heap_.top().gain >= floor_) {
      const Entry entry = heap_.top();
      heap_.pop();
      if (is_wanted(entry.place)) {
        some.push_back(entry.place);
      } else {
        others.push_back(entry);
      }
    }
    for (const Entry& entry : others) heap_.push(entry);
    return some;
  }

  /// The first in the queue is up to date, but a bound. All bounds above the best exact gain have
  /// to be replaced, so that many are at a time.
  void measure_top() {
    const bool guess = floor_ < 0;
    const auto some =
        take(guess ? kFew : many_, guess ? kFew : gains_.size(),
             [&](std::uint32_t place) { return is_fresh(place) && !gains_.is_exact(place); });
    many_ = std::min(2 * many_, kMostTogether);
    gains_.measure(some);
    for (const std::uint32_t place : some) give_back(place);
  }

  /// The first in the queue is not up to date and has no list. Should bringing such places up to
  /// date have cost as much as doing it for all, all are done, if that makes lists of them: those
  /// are cheap from then on.
  void update_top() {
    if (since_refresh_ > gains_.size() / 4) since_refresh_ = 0;
    // More at a time while nobody knows how many it will take.
    const bool guess = floor_ < 0 || !gains_.has_bounds();
    const std::size_t most = guess ? few_ : kMostBounded;
    few_ = std::min(2 * few_, gains_.has_bounds() ? kMostBounded : kMostTogether);
    const auto some = take(most, guess ? 0 : gains_.size(), [&](std::uint32_t place) {
      return !is_fresh(place) && !gains_.has_list(place);
    });
    gains_.has_bounds() ? gains_.bound(some) : gains_.evaluate(some);
    since_refresh_ += some.size();
    for (const std::uint32_t place : some) give_back(place);
  }

  CoverageGains& gains_;
  const Progress& progress_;
  std::priority_queue<Entry> heap_;
  std::uint32_t round_ = 0;          // picks made
  std::vector<std::uint32_t> seen_;  // picks when a gain was computed
  std::vector<bool> picked_;
  std::int64_t floor_ = -1;  // the largest gain that is exact and up to date; -1: none is known
  std::size_t few_ = kFew, many_ = 2 * kFew;  // how many are looked at next
  std::size_t since_refresh_ = 0;             // brought up to date by products
};

}  // namespace

Selection cover_greedily(const Pool& pool, std::size_t batch, const CoverageKernel& kernel,
                         std::span<const float> weights, const Progress& progress,
                         Workers& workers) {
  CoverageGains gains(pool, kernel, weights, progress, workers);
  if (!pool.labeled.empty()) gains.cover(UnitRows(pool.embeddings, pool.labeled, workers));
  gains.start();
  return GreedyCoverage(gains, progress)
      .pick(pool.unlabeled, batch,
            static_cast<double>(pool.labeled.size() + pool.unlabeled.size()));
}

struct ShardCoverage::State {
  State(const Pool& of, const CoverageKernel& kernel, std::span<const float> weights, Workers& team)
      : pool(of), workers(team), coverage(of, kernel, weights, progress, team) {}

  UnitRows rows(MatrixView<const float> values) const {
    std::vector<Index> all(values.rows());
    std::iota(all.begin(), all.end(), Index{0});
    return {values, all, workers};
  }

  Pool pool;
  Workers& workers;
  Progress progress;
  CoverageGains coverage;
};

ShardCoverage::ShardCoverage(const Pool& pool, const CoverageKernel& kernel,
                             std::span<const float> weights, Workers& workers)
    : state_(std::make_unique<State>(pool, kernel, weights, workers)) {}
ShardCoverage::~ShardCoverage() = default;

void ShardCoverage::cover(MatrixView<const float> rows) {
  if (rows.rows() > 0) state_->coverage.cover(state_->rows(rows));
}

Selection ShardCoverage::pick(std::size_t batch) {
  const std::vector<float> before = state_->coverage.reached();
  state_->coverage.start();
  Selection selection =
      GreedyCoverage(state_->coverage, state_->progress).pick(state_->pool.unlabeled, batch, 1.0);
  state_->coverage.set_reached(before);
  return selection;
}

std::vector<std::int64_t> ShardCoverage::gains(MatrixView<const float> rows) const {
  return state_->coverage.gains_of(state_->rows(rows));
}

std::vector<std::int64_t> ShardCoverage::gains_together(MatrixView<const float> rows,
                                                        std::span<const std::size_t> sizes) const {
  const UnitRows all = state_->rows(rows);
  std::vector<std::int64_t> gains;
  std::size_t begin = 0;
  for (const std::size_t size : sizes) {
    gains.push_back(state_->coverage.gain_together(all, {begin, begin + size}));
    begin += size;
  }
  return gains;
}

}  // namespace goldpan
