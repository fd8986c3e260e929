#pragma once

#include <span>

#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

/// Strategies that see boxes and are in no other table: ppal and div_proto. Their `select` is null:
/// they are called by name (strategies/detection.hpp), with what a detector says of a pool.
std::span<const StrategyInfo> detection_strategies();

}  // namespace goldpan
