#include <array>
#include <string>

#include <goldpan/core/error.hpp>
#include <goldpan/strategies/strategy.hpp>

#include "strategies/check.hpp"
#include "strategies/rows.hpp"
#include "strategies/silence.hpp"

namespace goldpan {

std::span<const StrategyInfo> strategies() {
#define GOLDPAN_ROW(name) rows::name,
  static const auto table = std::to_array<StrategyInfo>({GOLDPAN_STRATEGIES(GOLDPAN_ROW)});
#undef GOLDPAN_ROW
  return table;
}

const StrategyInfo& find_strategy(std::string_view name) {
  std::string known;
  for (const StrategyInfo& info : strategies()) {
    if (info.name == name) return info;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  throw Error("strategy", "got '" + std::string(name) + "', expected one of: " + known);
}

Selection select_by(const StrategyInfo& strategy, const Pool& pool, std::size_t batch,
                    const StrategyOptions& options, Generator& generator, Workers& workers) {
  StrategyOptions own;
  own.values = OptionValues().resolve(strategy.options, strategy.name);
  own.progress = options.progress;
  return strategy.select(pool, batch, own, generator, workers);
}

Selection select(std::string_view strategy, const Pool& pool, std::size_t batch,
                 Generator& generator, Workers& workers, const StrategyOptions& options) {
  const StrategyInfo& info = find_strategy(strategy);
  StrategyOptions resolved = options;
  resolved.values = options.values.resolve(info.options, info.name);
  workers.stop_if_asked();
  check_pool(info, pool, batch, workers);
  if (batch == 0) return {};
  Selection selection = info.select(pool, batch, resolved, generator, workers);
  note_silence(info, pool, selection);
  return selection;
}

}  // namespace goldpan
