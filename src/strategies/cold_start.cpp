#include "strategies/cold_start.hpp"

#include <string>

#include "strategies/greedy_coverage.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kMostByHerding = 50;
constexpr double kRadius = 0.5;

}  // namespace

Selection select_cold(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                      Generator& generator, Workers& workers) {
  const bool few = batch <= kMostByHerding;
  Selection selection =
      few ? cover_greedily(pool, batch, {.radius = kRadius}, {}, options.progress, workers)
          : select_by(rows::k_means, pool, batch, options, generator, workers);
  selection.notes.insert(
      selection.notes.begin(),
      few ? "cold start: " + std::to_string(batch) + " picks, by max_herding with radius 0.5"
          : "cold start: " + std::to_string(batch) + " picks, by k_means");
  return selection;
}

}  // namespace goldpan
