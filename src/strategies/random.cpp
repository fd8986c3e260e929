#include "strategies/rows.hpp"

namespace goldpan {
namespace {

Selection select_random(const Pool& pool, std::size_t batch, const StrategyOptions& /*options*/,
                        Generator& generator, Workers& /*workers*/) {
  Selection selection;
  selection.indices = generator.sample(pool.unlabeled, batch);
  selection.scores.assign(batch, 0.0);  // every row is as good as any other
  return selection;
}

}  // namespace

constinit const StrategyInfo rows::random = {.name = "random",
                                             .label = "random",
                                             .summary = "uniform without replacement: the baseline",
                                             .paper = "",
                                             .score = "0: every row is as good as any other",
                                             .needs = {},
                                             .uniform = true,
                                             .look = {"#000000", "", 7},
                                             .select = select_random};

}  // namespace goldpan
