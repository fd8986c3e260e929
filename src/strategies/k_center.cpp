#include "strategies/farthest_first.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

Selection select_k_center(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                          Generator& /*generator*/, Workers& workers) {
  return farthest_first(pool.embeddings, pool.unlabeled, pool.labeled, batch, workers,
                        options.progress);
}

}  // namespace

constinit const StrategyInfo rows::k_center = {
    .name = "k_center",
    .label = "k-center",
    .summary = "farthest first from everything labelled or picked: covers the pool",
    .paper = "Sener & Savarese 2018",
    .score = "distance to the nearest center at the time of the pick; large is far from all",
    .cost = CostLaw::kPoolBatch,
    .needs = {.embeddings = true, .learned_embeddings = true},
    .look = {"#009E73", "9 2 2 2", 5},
    .select = select_k_center};

}  // namespace goldpan
