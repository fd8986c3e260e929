#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "strategies/cluster_picks.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

Selection select_k_means(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                         Generator& generator, Workers& workers) {
  const std::size_t clusters = std::min(batch, options.values.count("max_clusters"));
  const Generator stream = generator.stream("k_means");
  Generator seeds = stream.stream("clusters");
  Selection selection = pick_from_clusters(pool.embeddings, pool.unlabeled, clusters, seeds,
                                           workers, options.progress);
  if (clusters == batch) return selection;
  std::vector<Index> picked = selection.indices, rest;
  std::ranges::sort(picked);
  std::ranges::set_difference(pool.unlabeled, picked, std::back_inserter(rest));
  Generator fill = stream.stream("fill");
  for (const Index row : fill.sample(rest, batch - clusters)) {
    selection.indices.push_back(row);
    selection.scores.push_back(0.0);
  }
  selection.notes.push_back("k_means: one row of each of " + std::to_string(clusters) +
                            " clusters, " + std::to_string(batch - clusters) + " picks at random");
  return selection;
}

}  // namespace

constexpr OptionInfo kKMeansOptions[] = {
    {.name = "max_clusters",
     .type = OptionType::kCount,
     .standard = "1000",
     .help = "clusters at most; picks beyond are drawn at random",
     .least = 1}};

constinit const StrategyInfo rows::k_means = {
    .name = "k_means",
    .label = "k-means",
    .summary = "the row nearest the center of each of as many clusters as picks: for cold starts",
    .paper = "",
    .score = "rows of the cluster that the pick stands for; large stands for more",
    .cost = CostLaw::kPoolBatch,
    .needs = {.embeddings = true},
    .options = kKMeansOptions,
    .look = {"#661100", "2 2", 6},
    .select = select_k_means};

}  // namespace goldpan
