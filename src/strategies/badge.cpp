#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "strategies/badge_draws.hpp"
#include "strategies/gradient_embedding.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

/// k-means++ seeding over gradient embeddings, exact in distribution though most weights are stale.
///
/// The weight of a row, its squared distance to the nearest pick, only falls as picks are added, so
/// an old weight is an upper bound: a row drawn in proportion to the bounds and kept with
/// probability weight / bound is a row drawn in proportion to the weights (rejection sampling). The
/// bounds stay as they are while a handful of candidates is drawn and measured in one product; that
/// too is exact, since a bound may be any number that is not below the weight.
class Seeding {
 public:
  Seeding(const Pool& pool, std::size_t batch, const Progress& progress, Generator& generator,
          Workers& workers)
      : pool_(pool),
        rows_(pool.unlabeled),
        batch_(batch),
        feature_count_(pool.head_features().cols()),
        classes_(pool.probabilities.cols()),
        progress_(progress),
        generator_(generator),
        workers_(workers),
        bounds_(rows_.size(), std::numeric_limits<float>::infinity()),
        block_sums_((rows_.size() + kRowBlock - 1) / kRowBlock),
        centers_(batch, feature_count_, classes_) {}

  Selection run() {
    take_longest();
    refresh();
    std::size_t draws = kFirstDraws, fruitless = 0;
    while (selection_.indices.size() < batch_ && total_ > 0 && fruitless < kMostFruitless) {
      workers_.stop_if_asked();
      const double acceptance = draw(draws);
      // Bounds that know of every pick are the weights but for rounding: what is drawn is kept.
      fruitless = acceptance > 0 || refreshed_ < picked() ? 0 : fruitless + 1;
      const std::size_t left = batch_ - selection_.indices.size();
      if (worth_a_refresh(acceptance, picked() - refreshed_, left, rows_.size())) refresh();
      draws = std::min(2 * draws, kMostDraws);
    }
    fill_with_longest();
    return std::move(selection_);
  }

 private:
  std::size_t picked() const { return centers_.count; }

  void add(std::size_t position, double squared, const GradientRows& from, std::size_t i) {
    append_gradient(from, i, centers_);
    bounds_[position] = 0.0f;
    selection_.indices.push_back(rows_[position]);
    selection_.scores.push_back(std::sqrt(squared));
    progress_.step(selection_.indices.size(), batch_);
  }

  /// The first pick: the longest gradient, as in the authors' code.
  void take_longest() {
    squared_norms_.resize(rows_.size());
    workers_.for_blocks(rows_.size(), kRowBlock, [&](std::size_t begin, std::size_t end) {
      squared_gradient_norms(pool_, rows_.subspan(begin, end - begin),
                             std::span(squared_norms_).subspan(begin, end - begin));
    });
    const auto longest = std::max_element(squared_norms_.begin(), squared_norms_.end());
    const auto position = static_cast<std::size_t>(longest - squared_norms_.begin());
    add(position, *longest, read({{position}}), 0);
  }

  /// The gradients of the rows at these positions.
  GradientRows read(std::span<const std::size_t> positions) const {
    std::vector<Index> rows;
    std::vector<float> norms;
    for (const std::size_t position : positions) {
      rows.push_back(rows_[position]);
      norms.push_back(squared_norms_[position]);
    }
    GradientRows gradients(positions.size(), feature_count_, classes_);
    read_gradients(pool_, rows, norms, gradients);
    return gradients;
  }

  /// Brings every bound up to date with every center.
  void refresh() {
    workers_.for_blocks(rows_.size(), kRowBlock, [&](std::size_t begin, std::size_t end) {
      GradientRows block(end - begin, feature_count_, classes_);
      read_gradients(pool_, rows_.subspan(begin, end - begin),
                     std::span(squared_norms_).subspan(begin, end - begin), block);
      lower_to_nearest(block, centers_, refreshed_, picked(),
                       std::span(bounds_).subspan(begin, end - begin));
      sum_block(begin / kRowBlock);
    });
    refreshed_ = picked();
    sum_all();
  }

  std::span<float> bounds_of(std::size_t block) {
    const std::size_t begin = block * kRowBlock;
    return std::span(bounds_).subspan(begin, std::min(kRowBlock, rows_.size() - begin));
  }

  void sum_block(std::size_t block) { block_sums_[block] = sum_bounds(bounds_of(block)); }

  void sum_all() {
    total_ = 0;
    for (const double sum : block_sums_) total_ += sum;
  }

  /// The position that `target` in [0, total) falls on when the bounds are laid end to end.
  std::size_t position_at(double target) {
    const std::size_t block = block_at(block_sums_, target);
    const std::optional<std::size_t> place = place_at(bounds_of(block), target);
    // Rounding carried the target past the last positive bound of all.
    return place ? block * kRowBlock + *place : first_positive();
  }

  std::size_t first_positive() const {
    const auto found = std::ranges::find_if(bounds_, [](float bound) { return bound > 0.0f; });
    return static_cast<std::size_t>(found - bounds_.begin());
  }

  /// Draws candidates, measures them and keeps those that pass; the share that did.
  double draw(std::size_t count) {
    std::vector<std::size_t> positions(count);
    std::vector<double> lots(count);
    for (std::size_t i = 0; i < count; ++i) {
      positions[i] = position_at(generator_.uniform() * total_);
      lots[i] = generator_.uniform();
    }
    const GradientRows candidates = read(positions);
    std::vector<float> bounds;
    for (const std::size_t position : positions) bounds.push_back(bounds_[position]);
    Handful handful{std::move(positions), std::move(lots), std::move(bounds)};
    const double acceptance = resolve(
        handful, candidates, centers_, refreshed_, batch_ - selection_.indices.size(), workers_,
        [&](std::size_t i) { add(handful.positions[i], handful.weights[i], candidates, i); });
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t position = handful.positions[i];
      bounds_[position] = std::min(bounds_[position], handful.weights[i]);
      sum_block(position / kRowBlock);
    }
    sum_all();
    return acceptance;
  }

  /// All weights are 0: the longest gradients left, then the lowest rows.
  void fill_with_longest() {
    const std::size_t missing = batch_ - selection_.indices.size();
    if (missing == 0) return;
    std::vector<bool> taken(rows_.size(), false);
    for (const Index row : selection_.indices) {
      taken[static_cast<std::size_t>(std::ranges::lower_bound(rows_, row) - rows_.begin())] = true;
    }
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!taken[i]) left.push_back(i);
    }
    std::ranges::partial_sort(left, left.begin() + static_cast<std::ptrdiff_t>(missing),
                              [&](std::size_t a, std::size_t b) {
                                return squared_norms_[a] != squared_norms_[b]
                                           ? squared_norms_[a] > squared_norms_[b]
                                           : a < b;
                              });
    for (std::size_t i = 0; i < missing; ++i) {
      selection_.indices.push_back(rows_[left[i]]);
      selection_.scores.push_back(0.0);
    }
    selection_.notes.push_back("no gradient differs from those picked: the last " +
                               std::to_string(missing) + " picks are the longest left");
  }

  const Pool& pool_;
  std::span<const Index> rows_;
  std::size_t batch_;
  std::size_t feature_count_;
  std::size_t classes_;
  const Progress& progress_;
  Generator& generator_;
  Workers& workers_;

  std::vector<float> bounds_;  // not below the squared distance to the nearest pick; picks have 0
  std::vector<float> squared_norms_;
  std::vector<double> block_sums_;
  double total_ = 0;
  GradientRows centers_;       // the picks, in order
  std::size_t refreshed_ = 0;  // every bound knows of the first so many picks
  Selection selection_;
};

Selection select_badge(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                       Generator& generator, Workers& workers) {
  return Seeding(pool, batch, options.progress, generator, workers).run();
}

}  // namespace

constinit const StrategyInfo rows::badge = {
    .name = "badge",
    .label = "BADGE",
    .summary = "k-means++ seeding over gradient embeddings: uncertain and diverse",
    .paper = "Ash et al. 2020",
    .score = "squared distance in gradient space to the nearest pick before it; large is new",
    .cost = CostLaw::kPoolBatch,
    .needs = {.features = true, .probabilities = true},
    .look = {"#D55E00", "", 11},
    .select = select_badge};

}  // namespace goldpan
