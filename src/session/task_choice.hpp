#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/signals.hpp>
#include <goldpan/core/targets.hpp>
#include <goldpan/session/settings.hpp>

namespace goldpan {

// What the strategies mean for a task: of one class an item they are those of the table; where a
// label is more than a class, those of them that go by uncertainty go by scores of images instead.

/// The row of a strategy that the task can be played with. Throws Error listing those it can, and
/// saying why not for one that is known elsewhere.
const StrategyInfo& find_task_strategy(std::string_view task, std::string_view strategy);

/// The row of a strategy, whatever it is for. Throws Error listing the known ones.
const StrategyInfo& strategy_row(std::string_view strategy);

/// The strategies that a run compares unless it is told others.
std::vector<std::string> task_strategies(std::string_view task);

/// What a strategy asks of a model for the settings' task.
SignalsWanted task_signals(const Settings& settings, const StrategyInfo& info);

/// Chooses as round.strategy does for the settings' task, from what a model says of the pool; empty
/// where the table's row does it as it is. `targets` are those bought. What is given must outlive
/// it.
std::function<Selection(const Pool& pool, std::size_t count)> task_choice(const Settings& settings,
                                                                          const Targets& targets,
                                                                          const Signals& signals,
                                                                          const Round& round,
                                                                          Workers& workers);

}  // namespace goldpan
