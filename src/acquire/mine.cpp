#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include <goldpan/acquire/mine.hpp>
#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

/// The failures, or what stands for them.
std::span<const Index> failures_of(const KnownSlice& slice, std::vector<std::string>& notes) {
  if (!slice.failures.empty()) return slice.failures;
  notes.emplace_back("no labelled row of the slice is got wrong: all of them stand for failures");
  return slice.inside;
}

void add_notes(Selection& selection, std::vector<std::string> notes) {
  selection.notes.insert(selection.notes.begin(), notes.begin(), notes.end());
}

/// 1 - (p1 - p2).
double uncertainty(std::span<const float> probabilities) {
  float first = 0, second = 0;
  for (const float p : probabilities) {
    second = std::max(second, std::min(first, p));
    first = std::max(first, p);
  }
  return std::clamp(1.0 - (double{first} - second), 0.0, 1.0);
}

Selection by_distance(const Pool& pool, const KnownSlice& slice, std::size_t batch,
                      const MineOptions& options, Generator& /*generator*/, Workers& workers) {
  std::vector<std::string> notes;
  Selection selection = mine_by_distance(pool, failures_of(slice, notes), batch, options, workers);
  add_notes(selection, std::move(notes));
  return selection;
}

Selection by_herding(const Pool& pool, const KnownSlice& slice, std::size_t batch,
                     const MineOptions& options, Generator& /*generator*/, Workers& workers) {
  const std::vector<double> membership = slice_membership(pool.embeddings, slice, workers);
  const std::vector<Index> targets = let_through(membership, pool.unlabeled, batch);
  std::vector<double> weights;
  for (const Index row : targets) {
    weights.push_back(membership[row] * (pool.probabilities.empty()
                                             ? 1.0
                                             : uncertainty(pool.probabilities.row(row))));
  }
  Selection selection = mine_by_herding(pool, targets, weights, batch, options, workers);
  std::vector<std::string> notes = {
      fmt::format("mine_herding: {} unlabelled rows stand for the slice", targets.size())};
  if (pool.probabilities.empty()) {
    notes.emplace_back("mine_herding: no probabilities, every row of the slice is as uncertain");
  }
  add_notes(selection, std::move(notes));
  return selection;
}

Selection by_badge(const Pool& pool, const KnownSlice& slice, std::size_t batch,
                   const MineOptions& options, Generator& generator, Workers& workers) {
  const std::vector<double> membership = slice_membership(pool.embeddings, slice, workers);
  const std::vector<Index> rows = let_through(membership, pool.unlabeled, batch);
  const auto admitted = std::make_unique<bool[]>(membership.size());
  for (const Index row : rows) admitted[row] = true;
  Selection selection =
      mine_by_badge(pool, {admitted.get(), membership.size()}, batch, generator, options, workers);
  add_notes(selection, {fmt::format("mine_badge: the slice's classifier lets {} of {} rows through",
                                    rows.size(), pool.unlabeled.size())});
  return selection;
}

constexpr OptionInfo kHerdingOptions[] = {
    {.name = "width",
     .standard = "1",
     .help = "h of the kernel e^(-(d / h)^2) on embeddings of length 1",
     .above_least = true}};

// All of them take failures from a model, so that a first batch without one is random.
constexpr MinerInfo kMiners[] = {
    {.strategy = {.name = "mine_distance",
                  .label = "mine: distance",
                  .summary = "the rows nearest to the slice's failures in the embedding",
                  .paper = "",
                  .score = "minus the distance to the nearest failure; large is near",
                  .cost = CostLaw::kPool,
                  .needs = {.embeddings = true, .probabilities = true},
                  .look = {"#009E73", "", 9},
                  .select = nullptr},
     .mine = by_distance},
    {.strategy = {.name = "mine_herding",
                  .label = "mine: UHerding",
                  .summary = "UHerding whose target is the slice instead of the pool",
                  .paper = "Bae et al. 2025",
                  .score = "rise of the slice's weighed mean similarity to its nearest label",
                  .cost = CostLaw::kPoolBatch,
                  .needs = {.embeddings = true, .probabilities = true},
                  .options = kHerdingOptions,
                  .look = {"#332288", "6 2", 13},
                  .select = nullptr},
     .mine = by_herding},
    {.strategy = {.name = "mine_badge",
                  .label = "mine: BADGE",
                  .summary = "BADGE on the rows that the slice's classifier lets through",
                  .paper = "Ash et al. 2020",
                  .score = "squared distance of the gradient embedding to the nearest pick",
                  .cost = CostLaw::kPoolBatch,
                  .needs = {.embeddings = true, .features = true, .probabilities = true},
                  .look = {"#0072B2", "2 2", 5},
                  .select = nullptr},
     .mine = by_badge},
};

}  // namespace

std::span<const MinerInfo> miners() { return kMiners; }

const MinerInfo* find_miner(std::string_view name) {
  for (const MinerInfo& miner : kMiners) {
    if (miner.strategy.name == name) return &miner;
  }
  return nullptr;
}

Selection mine(std::string_view miner, const Pool& pool, const KnownSlice& slice, std::size_t batch,
               const MineOptions& options, Generator& generator, Workers& workers) {
  const MinerInfo* const info = find_miner(miner);
  if (info == nullptr) {
    std::string known;
    for (const MinerInfo& row : kMiners) {
      known += (known.empty() ? "" : ", ") + std::string(row.strategy.name);
    }
    throw Error("miner", fmt::format("got '{}', expected one of: {}", miner, known));
  }
  if (slice.inside.empty()) {
    Selection selection = select("random", pool, batch, generator, workers);
    selection.notes.push_back(
        fmt::format("{}: no row is known to be in the slice: picks at random", miner));
    return selection;
  }
  MineOptions with_negatives = options;
  if (options.negatives.empty()) with_negatives.negatives = slice.negatives;
  return info->mine(pool, slice, batch, with_negatives, generator, workers);
}

}  // namespace goldpan
