#pragma once

#include <cstddef>

#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

/// Throws what select() promises to throw, before any work is done.
void check_pool(const StrategyInfo& info, const Pool& pool, std::size_t batch, Workers& workers);

}  // namespace goldpan
