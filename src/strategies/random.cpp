#include "strategies/algorithms.hpp"

namespace goldpan::algorithms {

Selection random(const Pool& pool, std::size_t batch, const StrategyOptions& /*options*/,
                 Generator& generator, Workers& /*workers*/) {
  Selection selection;
  selection.indices = generator.sample(pool.unlabeled, batch);
  selection.scores.assign(batch, 0.0);  // every row is as good as any other
  return selection;
}

}  // namespace goldpan::algorithms
