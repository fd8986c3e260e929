#include "strategies/algorithms.hpp"
#include "strategies/farthest_first.hpp"

namespace goldpan::algorithms {

Selection k_center(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                   Generator& /*generator*/, Workers& workers) {
  return farthest_first(pool.embeddings, pool.unlabeled, pool.labeled, batch, workers,
                        options.progress);
}

}  // namespace goldpan::algorithms
