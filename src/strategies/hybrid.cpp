#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>

#include "strategies/algorithms.hpp"
#include "strategies/farthest_first.hpp"

namespace goldpan::algorithms {

Selection hybrid(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                 Generator& generator, Workers& workers) {
  if (pool.probabilities.empty()) {
    Selection selection = typiclust(pool, batch, options, generator, workers);
    selection.notes.insert(selection.notes.begin(),
                           "hybrid: no probabilities, so there is no telling what is uncertain; "
                           "picked by typiclust");
    return selection;
  }
  if (!(options.shortlist_factor >= 1.0)) {
    throw Error("shortlist_factor",
                "got " + std::to_string(options.shortlist_factor) + ", expected 1 or above");
  }
  const double wanted = std::ceil(options.shortlist_factor * static_cast<double>(batch));
  const std::size_t size =
      std::clamp(static_cast<std::size_t>(std::min(wanted, 0x1p52)), batch, pool.unlabeled.size());
  std::vector<Index> shortlist = entropy(pool, size, {}, generator, workers).indices;
  std::ranges::sort(shortlist);
  return farthest_first(pool.embeddings, shortlist, pool.labeled, batch, workers, options.progress);
}

}  // namespace goldpan::algorithms
