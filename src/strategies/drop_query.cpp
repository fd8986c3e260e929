#include <algorithm>
#include <vector>

#include "strategies/cluster_picks.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 1024;
// Candidates wanted for each pick, so that clusters have something to cluster.
constexpr std::size_t kCandidatesPerPick = 25;

std::size_t arg_max(std::span<const float> values) {
  return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

/// Of the first `count` passes, how many predict another class than the plain prediction.
std::vector<std::size_t> disagreements(const Pool& pool, std::size_t count, Workers& workers) {
  const std::size_t passes = pool.passes->passes(), classes = pool.passes->classes();
  std::vector<std::size_t> out(pool.unlabeled.size(), 0);
  workers.for_blocks(out.size(), kBlock, [&](std::size_t begin, std::size_t end) {
    std::vector<float> values((end - begin) * passes * classes);
    pool.passes->probabilities(pool.unlabeled.subspan(begin, end - begin), values);
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t plain = arg_max(pool.probabilities.row(pool.unlabeled[i]));
      const auto row = std::span<const float>(values).subspan((i - begin) * passes * classes);
      for (std::size_t k = 0; k < count; ++k) {
        out[i] += arg_max(row.subspan(k * classes, classes)) != plain;
      }
    }
  });
  return out;
}

Selection select_drop_query(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                            Generator& generator, Workers& workers) {
  Generator stream = generator.stream("drop_query");
  if (pool.probabilities.empty()) {
    Generator clusters = stream.stream("clusters");
    Selection selection = pick_from_clusters(pool.embeddings, pool.unlabeled, batch, clusters,
                                             workers, options.progress);
    selection.notes.push_back("drop_query: no model, one row of each of so many clusters");
    return selection;
  }
  const std::size_t wanted = options.values.count("query_passes");
  const std::size_t passes = std::min(wanted, pool.passes->passes());
  const std::vector<std::size_t> counts = disagreements(pool, passes, workers);
  std::size_t threshold = passes / 2;
  const auto above = [&] {
    return static_cast<std::size_t>(
        std::ranges::count_if(counts, [&](std::size_t count) { return count > threshold; }));
  };
  while (threshold > 0 && above() < kCandidatesPerPick * batch) --threshold;
  std::vector<Index> candidates;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > threshold) candidates.push_back(pool.unlabeled[i]);
  }
  Selection selection = pick_from_candidates("drop_query", pool.embeddings, candidates, pool, batch,
                                             stream, workers, options.progress);
  selection.notes.push_back("drop_query: candidates are rows on which more than " +
                            std::to_string(threshold) + " of " + std::to_string(passes) +
                            " passes disagree with the plain prediction");
  return selection;
}

}  // namespace

constexpr OptionInfo kDropQueryOptions[] = {
    {.name = "query_passes",
     .type = OptionType::kCount,
     .standard = "3",
     .help = "so many of the stochastic passes are looked at; fewer where fewer are given",
     .least = 1}};

constinit const StrategyInfo rows::drop_query = {
    .name = "drop_query",
    .label = "DropQuery",
    .summary = "clusters of the rows whose prediction changes under dropout, one row of each",
    .paper = "Gupte et al. 2024",
    .score = "rows of the cluster that the pick stands for; large stands for more",
    .cost = CostLaw::kPoolBatch,
    .needs = {.embeddings = true, .probabilities = true, .passes = true, .model_optional = true},
    .options = kDropQueryOptions,
    .look = {"#882255", "6 2", 5},
    .select = select_drop_query};

}  // namespace goldpan
