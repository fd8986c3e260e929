#pragma once

#include <cstddef>
#include <vector>

#include "distributed/steps.hpp"

namespace goldpan::distributed {

/// A row of the whole pool with its score.
struct ScoredRow {
  double score;
  std::uint64_t row;
};

/// Which scores come first.
enum class Best { kLargest, kSmallest };

/// Answers with the shard's `count` best rows by its strategy's score, best first, and its notes.
void put_best_rows(const ShardView& shard, const StrategyInfo& strategy, std::size_t count,
                   Writer& answer);

/// The `count` best of all shards' best, best first, ties to the lowest row: the best of the pool,
/// since a row that is among them is among the best of its shard. Adds notes, each once.
std::vector<ScoredRow> merge_best_rows(Best first, std::vector<Reader>& answers, std::size_t count,
                                       std::vector<std::string>& notes);

}  // namespace goldpan::distributed
