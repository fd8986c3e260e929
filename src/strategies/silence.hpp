#pragma once

#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

/// Adds notes about inputs that are sound but say nothing: embeddings that are all equal, passes
/// that never differ, picks that all score the same.
void note_silence(const StrategyInfo& info, const Pool& pool, Selection& selection);

}  // namespace goldpan
