#include <algorithm>
#include <cmath>
#include <vector>

#include "strategies/algorithms.hpp"
#include "strategies/farthest_first.hpp"

namespace goldpan::algorithms {
namespace {

/// In nats, with 0 ln 0 = 0.
double entropy_of(std::span<const float> probabilities) {
  double entropy = 0;
  for (const float p : probabilities) {
    if (p > 0.0f) entropy -= static_cast<double>(p) * std::log(static_cast<double>(p));
  }
  return entropy;
}

/// The `size` most entropic unlabelled rows, ties to the lowest row; ascending.
std::vector<Index> most_entropic(const Pool& pool, std::size_t size, Workers& workers) {
  constexpr std::size_t kBlock = 4096;
  std::vector<double> entropies(pool.unlabeled.size());
  workers.for_blocks(entropies.size(), kBlock, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      entropies[i] = entropy_of(pool.probabilities.row(pool.unlabeled[i]));
    }
  });
  std::vector<Index> order(entropies.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Index>(i);
  const auto larger = [&](Index a, Index b) {
    return entropies[a] > entropies[b] || (entropies[a] == entropies[b] && a < b);
  };
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size) - 1,
                   order.end(), larger);
  order.resize(size);
  for (Index& i : order) i = pool.unlabeled[i];
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace

Selection hybrid(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                 Generator& /*generator*/, Workers& workers) {
  const double wanted = std::ceil(options.shortlist_factor * static_cast<double>(batch));
  const std::size_t size =
      std::clamp(static_cast<std::size_t>(std::min(wanted, 0x1p52)), batch, pool.unlabeled.size());
  const std::vector<Index> shortlist = most_entropic(pool, size, workers);
  return farthest_first(pool.embeddings, shortlist, pool.labeled, batch, workers, options.progress);
}

}  // namespace goldpan::algorithms
