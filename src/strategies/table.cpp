#include <array>
#include <string>

#include <goldpan/core/error.hpp>
#include <goldpan/strategies/strategy.hpp>

#include "strategies/algorithms.hpp"
#include "strategies/check.hpp"

namespace goldpan {
namespace {

constexpr auto kStrategies = std::to_array<StrategyInfo>({
    {.name = "random",
     .summary = "uniform without replacement: the baseline",
     .paper = "",
     .needs = {},
     .select = algorithms::random},
    {.name = "k_center",
     .summary = "farthest first from everything labelled or picked: covers the pool",
     .paper = "Sener & Savarese 2018",
     .needs = {.embeddings = true},
     .select = algorithms::k_center},
    {.name = "badge",
     .summary = "k-means++ seeding over gradient embeddings: uncertain and diverse",
     .paper = "Ash et al. 2020",
     .needs = {.features = true, .probabilities = true},
     .select = algorithms::badge},
    {.name = "hybrid",
     .summary = "k-center among the most entropic rows (\"BADGE-lite\")",
     .paper = "",
     .needs = {.embeddings = true, .probabilities = true},
     .select = algorithms::hybrid},
});

}  // namespace

std::span<const StrategyInfo> strategies() { return kStrategies; }

const StrategyInfo& find_strategy(std::string_view name) {
  std::string known;
  for (const StrategyInfo& info : kStrategies) {
    if (info.name == name) return info;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  throw Error("strategy", "got '" + std::string(name) + "', expected one of: " + known);
}

Selection select(std::string_view strategy, const Pool& pool, std::size_t batch,
                 Generator& generator, Workers& workers, const StrategyOptions& options) {
  const StrategyInfo& info = find_strategy(strategy);
  check_pool(info, pool, batch, workers);
  if (batch == 0) return {};
  return info.select(pool, batch, options, generator, workers);
}

}  // namespace goldpan
