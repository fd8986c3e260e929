#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "strategies/gradient_embedding.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

/// Rows of the pool in one task.
constexpr std::size_t kRowBlock = 512;
/// Candidates drawn at once: few enough to be resolved one after the other, many enough for a
/// product. Begins small, while every pick still moves the weights much.
constexpr std::size_t kFirstDraws = 8;
constexpr std::size_t kMostDraws = 128;
/// So many handfuls in vain, from bounds that are up to date, mean that what is left of the weights
/// is rounding: the draw ends there, whatever the numbers are.
constexpr std::size_t kMostFruitless = 16;
/// What reading a row costs, in distances.
constexpr double kReadCost = 8;
/// Centers in one task of measuring the candidates.
constexpr std::size_t kCenterTask = 512;

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
      if (worth_a_refresh(acceptance)) refresh();
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

  void sum_block(std::size_t block) {
    double sum = 0;
    const std::size_t end = std::min(rows_.size(), (block + 1) * kRowBlock);
    for (std::size_t i = block * kRowBlock; i < end; ++i) sum += bounds_[i];
    block_sums_[block] = sum;
  }

  void sum_all() {
    total_ = 0;
    for (const double sum : block_sums_) total_ += sum;
  }

  /// The position that `target` in [0, total) falls on when the bounds are laid end to end.
  std::size_t position_at(double target) const {
    std::size_t block = 0;
    while (block + 1 < block_sums_.size() && target >= block_sums_[block]) {
      target -= block_sums_[block++];
    }
    const std::size_t end = std::min(rows_.size(), (block + 1) * kRowBlock);
    std::size_t last = rows_.size();
    for (std::size_t i = block * kRowBlock; i < end; ++i) {
      if (bounds_[i] == 0.0f) continue;
      last = i;
      if (target < bounds_[i]) return i;
      target -= bounds_[i];
    }
    // Rounding carried the target past the end of the block.
    return last < rows_.size() ? last : first_positive();
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
    std::vector<float> weights = measure(candidates);
    for (std::size_t i = 0; i < count; ++i)
      weights[i] = std::min(weights[i], bounds_[positions[i]]);

    // One after the other: a candidate that is kept is a center to those after it.
    Matrix<float> between(count, count);
    std::vector<float> room;
    squared_distances(candidates, candidates, 0, between, room);
    const std::vector<float> bounds = bounds_at(positions);
    std::size_t kept = 0, tried = 0;
    for (; tried < count && selection_.indices.size() < batch_; ++tried) {
      const std::size_t i = tried;
      if (!(lots[i] * bounds[i] < weights[i])) continue;
      add(positions[i], weights[i], candidates, i);
      ++kept;
      for (std::size_t j = i; j < count; ++j) {
        // A row drawn twice is at no distance from itself, even where its gradient is so short that
        // the products of the distance underflow.
        weights[j] = positions[j] == positions[i] ? 0.0f : std::min(weights[j], between(i, j));
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      bounds_[positions[i]] = std::min(bounds_[positions[i]], weights[i]);
      sum_block(positions[i] / kRowBlock);
    }
    sum_all();
    return static_cast<double>(kept) / static_cast<double>(tried);
  }

  std::vector<float> bounds_at(const std::vector<std::size_t>& positions) const {
    std::vector<float> bounds;
    for (const std::size_t position : positions) bounds.push_back(bounds_[position]);
    return bounds;
  }

  /// Squared distances of the candidates to their nearest center since the last refresh.
  std::vector<float> measure(const GradientRows& candidates) {
    const std::size_t outstanding = picked() - refreshed_;
    const std::size_t tasks = (outstanding + kCenterTask - 1) / kCenterTask;
    Matrix<float> nearest(tasks + 1, candidates.count);
    std::ranges::fill(nearest.row(tasks), std::numeric_limits<float>::infinity());
    workers_.run(tasks, [&](std::size_t task) {
      const std::size_t begin = refreshed_ + task * kCenterTask;
      std::ranges::fill(nearest.row(task), std::numeric_limits<float>::infinity());
      lower_to_nearest(candidates, centers_, begin, std::min(picked(), begin + kCenterTask),
                       nearest.row(task));
    });
    std::vector<float> smallest(candidates.count, std::numeric_limits<float>::infinity());
    for (std::size_t task = 0; task < tasks; ++task) {
      for (std::size_t i = 0; i < candidates.count; ++i) {
        smallest[i] = std::min(smallest[i], nearest(task, i));
      }
    }
    return smallest;
  }

  /// Whether bringing all bounds up to date costs less than going on with stale ones. Counted in
  /// distances: a refresh reads every row and takes a distance to each outstanding center; going
  /// on, each pick still to come draws 1 / acceptance candidates against the centers outstanding
  /// then, of which a refresh would save at least those outstanding now, and the rejected draws.
  bool worth_a_refresh(double acceptance) const {
    const double outstanding = static_cast<double>(picked() - refreshed_);
    const double left = static_cast<double>(batch_ - selection_.indices.size());
    if (outstanding == 0 || left == 0) return false;
    const double draws_a_pick = 1 / std::max(acceptance, 1e-9);
    const double saved = left * (draws_a_pick - 1) * (outstanding + left / 2);
    return saved > 2 * (outstanding + kReadCost) * static_cast<double>(rows_.size());
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
    .select = select_badge};

}  // namespace goldpan
