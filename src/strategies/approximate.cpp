#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

#include "strategies/farthest_first.hpp"
#include "strategies/gradient_embedding.hpp"
#include "strategies/rows.hpp"

// For pools where looking at every row is too slow: the exact strategies on a uniform sample, and
// an estimate of what that loses, taken on other rows.
namespace goldpan {
namespace {

/// Rows that the loss is estimated on.
constexpr std::size_t kControlRows = 10000;
constexpr std::size_t kControlBlock = 512;

struct Sample {
  std::vector<Index> rows;     // ascending: what the strategy sees
  std::vector<Index> control;  // ascending: other rows; empty where the sample is the whole pool
};

Sample draw_sample(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                   const Generator& generator) {
  const std::size_t size = pool.unlabeled.size();
  const double share = options.values.real("approximate_share") * static_cast<double>(size);
  const double least = static_cast<double>(options.values.count("approximate_rows_per_pick")) *
                       static_cast<double>(batch);
  const auto wanted = static_cast<std::size_t>(
      std::min(std::ceil(std::max(share, least)), static_cast<double>(size)));
  const std::size_t count = std::max(wanted, batch + 1);
  if (count >= size) return {{pool.unlabeled.begin(), pool.unlabeled.end()}, {}};
  Generator drawing = generator.stream("sample");
  const std::size_t drawn = std::min(size, count + kControlRows);
  const std::vector<Index> rows = drawing.sample(pool.unlabeled, drawn);
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(count);
  Sample sample{{rows.begin(), middle}, {middle, rows.end()}};
  std::ranges::sort(sample.rows);
  std::ranges::sort(sample.control);
  return sample;
}

std::string looked_at(const Sample& sample, const Pool& pool) {
  return fmt::format("looked at {} of {} unlabelled rows", sample.rows.size(),
                     pool.unlabeled.size());
}

/// Mean squared distance, in gradient space, of the named rows to their nearest pick.
double mean_potential(const Pool& pool, std::span<const Index> rows, const GradientRows& picks,
                      Workers& workers) {
  const std::size_t features = pool.head_features().cols(), classes = pool.probabilities.cols();
  std::vector<double> sums((rows.size() + kControlBlock - 1) / kControlBlock);
  workers.for_blocks(rows.size(), kControlBlock, [&](std::size_t begin, std::size_t end) {
    const auto block_rows = rows.subspan(begin, end - begin);
    std::vector<float> norms(block_rows.size());
    squared_gradient_norms(pool, block_rows, norms);
    GradientRows block(block_rows.size(), features, classes);
    read_gradients(pool, block_rows, norms, block);
    std::vector<float> nearest(block_rows.size(), std::numeric_limits<float>::infinity());
    lower_to_nearest(block, picks, 0, picks.count, nearest);
    for (const float squared : nearest) sums[begin / kControlBlock] += squared;
  });
  double sum = 0;
  for (const double block : sums) sum += block;
  return sum / static_cast<double>(rows.size());
}

Selection select_k_center_approximate(const Pool& pool, std::size_t batch,
                                      const StrategyOptions& options, Generator& generator,
                                      Workers& workers) {
  const Sample sample = draw_sample(pool, batch, options, generator);
  const bool exact = sample.control.empty();
  // One more than asked for: how far it is from all picks is the covering radius.
  Selection selection = farthest_first(pool.embeddings, sample.rows, pool.labeled,
                                       exact ? batch : batch + 1, workers, options.progress);
  if (exact) {
    selection.notes.push_back(
        "k_center_approximate: the sample is the whole pool, so this is exact");
    return selection;
  }
  const double covered = selection.scores.back();
  selection.indices.pop_back();
  selection.scores.pop_back();
  std::vector<Index> centers(pool.labeled.begin(), pool.labeled.end());
  centers.insert(centers.end(), selection.indices.begin(), selection.indices.end());
  const double missed =
      farthest_first(pool.embeddings, sample.control, centers, 1, workers, {}).scores.front();
  // No batch of this size covers the pool within less than half of `covered` (Gonzalez 1985), so
  // that missed / covered is what the sample adds to exact k-center's factor of two.
  selection.notes.push_back(
      fmt::format("k_center_approximate: {}; the covering radius is {:.4g} on the sample and "
                  "{:.4g} on {} other rows: {:.1f} % lost",
                  looked_at(sample, pool), covered, missed, sample.control.size(),
                  covered > 0 ? 100 * std::max(0.0, missed / covered - 1) : 0.0));
  return selection;
}

Selection select_badge_approximate(const Pool& pool, std::size_t batch,
                                   const StrategyOptions& options, Generator& generator,
                                   Workers& workers) {
  const Sample sample = draw_sample(pool, batch, options, generator);
  Pool sampled = pool;
  sampled.unlabeled = sample.rows;
  Selection selection = select_by(rows::badge, sampled, batch, options, generator, workers);
  if (sample.control.empty()) {
    selection.notes.push_back("badge_approximate: the sample is the whole pool, so this is exact");
    return selection;
  }
  std::vector<float> norms(batch);
  squared_gradient_norms(pool, selection.indices, norms);
  GradientRows picks(batch, pool.head_features().cols(), pool.probabilities.cols());
  read_gradients(pool, selection.indices, norms, picks);
  const double seen = mean_potential(pool, sample.rows, picks, workers);
  const double missed = mean_potential(pool, sample.control, picks, workers);
  selection.notes.push_back(
      fmt::format("badge_approximate: {}; the mean squared distance to the nearest pick is {:.4g} "
                  "on the sample "
                  "and {:.4g} on {} other rows: {:.1f} % lost",
                  looked_at(sample, pool), seen, missed, sample.control.size(),
                  seen > 0 ? 100 * std::max(0.0, missed / seen - 1) : 0.0));
  return selection;
}

}  // namespace

constexpr OptionInfo kApproximateOptions[] = {
    {.name = "approximate_share",
     .standard = "0.01",
     .help = "share of the unlabelled rows that is looked at",
     .most = 1},
    {.name = "approximate_rows_per_pick",
     .type = OptionType::kCount,
     .standard = "10",
     .help = "but no fewer rows than this for each pick"}};

constinit const StrategyInfo rows::k_center_approximate = {
    .name = "k_center_approximate",
    .label = "k-center (approximate)",
    .summary = "k-center on a uniform sample, for pools of tens of millions; says what it loses",
    .paper = "Sener & Savarese 2018",
    .score = "distance to the nearest center at the time of the pick; large is far from all",
    .needs = {.embeddings = true, .learned_embeddings = true},
    .options = kApproximateOptions,
    .look = {"#44AA99", "2 2", 4},
    .select = select_k_center_approximate};

constinit const StrategyInfo rows::badge_approximate = {
    .name = "badge_approximate",
    .label = "BADGE (approximate)",
    .summary = "BADGE on a uniform sample, for pools of tens of millions; says what it loses",
    .paper = "Ash et al. 2020",
    .score = "squared distance in gradient space to the nearest pick before it; large is new",
    .needs = {.features = true, .probabilities = true},
    .options = kApproximateOptions,
    .look = {"#B8860B", "4 2", 8},
    .select = select_badge_approximate};

}  // namespace goldpan
