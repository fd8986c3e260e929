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
