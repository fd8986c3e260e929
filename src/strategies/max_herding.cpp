#include "strategies/greedy_coverage.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

Selection select_max_herding(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                             Generator& /*generator*/, Workers& workers) {
  return cover_greedily(pool, batch, {.radius = options.values.real("radius")}, {},
                        options.progress, workers);
}

}  // namespace

constexpr OptionInfo kMaxHerdingOptions[] = {
    {.name = "radius",
     .standard = "1",
     .help = "h of the kernel e^(-(d / h)^2) on embeddings of length 1",
     .above_least = true}};

constinit const StrategyInfo rows::max_herding = {
    .name = "max_herding",
    .label = "MaxHerding",
    .summary = "brings every row of the pool near a label, by a smooth kernel: for cold starts",
    .paper = "Bae et al. 2024",
    .score = "rise of the pool's mean similarity to its nearest label; large covers more",
    .cost = CostLaw::kPoolBatch,
    .needs = {.embeddings = true},
    .options = kMaxHerdingOptions,
    .look = {"#88CCEE", "6 2", 7},
    .select = select_max_herding};

}  // namespace goldpan
