#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <goldpan/distributed/rounds.hpp>

#include "distributed/messages.hpp"

namespace goldpan::distributed {

/// What a shard knows of itself.
struct ShardView {
  const StrategyInfo& info;
  Pool pool;  ///< rows numbered from 0
  std::size_t first_row;
  StrategyOptions options;
  Workers& workers;
};

/// What all shards said of themselves.
struct Census {
  std::uint64_t first_row, rows, labeled, unlabeled;
};

/// What the coordinator knows once the census is in.
struct MergeView {
  const StrategyInfo& info;
  std::size_t batch;
  Generator generator;
  StrategyOptions options;
  Workers& workers;
  std::vector<Census> shards;
  std::size_t unlabeled = 0, labeled = 0;  // of all shards
  bool has_probabilities = false;

  /// The shard that holds this row of the pool.
  std::size_t shard_of(std::size_t row) const;
};

/// A strategy on a shard.
class ShardSteps {
 public:
  virtual ~ShardSteps() = default;
  virtual void propose(Reader& request, Writer& answer) = 0;
};

/// A row, and the kept row that stands for it.
struct Twin {
  Index row, kept;
};

/// A strategy on the coordinator.
class MergerSteps {
 public:
  virtual ~MergerSteps() = default;
  virtual bool done() const = 0;
  /// Writes nothing where there is nothing to ask.
  virtual void request(std::size_t shard, bool fresh, Writer& request) const = 0;
  virtual void merge(std::vector<Reader>& answers) = 0;
  /// Nothing saved: the strategy begins anew, which few and cheap rounds may.
  virtual void save(Writer& /*to*/) const {}
  virtual void load(Reader& /*from*/) {}
  /// What is done, for a bar.
  virtual std::size_t progress() const { return selection.indices.size(); }

  Selection selection;
  std::vector<Twin> twins;  ///< of deduplication, whose selection are the kept rows
};

/// One strategy's two sides.
struct Rounds {
  std::string_view strategy;
  std::unique_ptr<ShardSteps> (*shard)(const ShardView& shard);
  std::unique_ptr<MergerSteps> (*merger)(const MergeView& merge);
  /// Of what is no strategy: a row of no table.
  const StrategyInfo* task = nullptr;

  const StrategyInfo& info() const { return task != nullptr ? *task : find_strategy(strategy); }
};

// One a file of that name.
std::unique_ptr<ShardSteps> random_shard(const ShardView& shard);
std::unique_ptr<MergerSteps> random_merger(const MergeView& merge);
std::unique_ptr<ShardSteps> scores_shard(const ShardView& shard);
std::unique_ptr<MergerSteps> scores_merger(const MergeView& merge);
std::unique_ptr<MergerSteps> smallest_scores_merger(const MergeView& merge);
std::unique_ptr<ShardSteps> k_center_shard(const ShardView& shard);
std::unique_ptr<MergerSteps> k_center_merger(const MergeView& merge);
std::unique_ptr<ShardSteps> badge_shard(const ShardView& shard);
std::unique_ptr<MergerSteps> badge_merger(const MergeView& merge);

std::unique_ptr<ShardSteps> herding_shard(const ShardView& shard);
std::unique_ptr<MergerSteps> herding_merger(const MergeView& merge);
std::unique_ptr<ShardSteps> dedup_shard(const ShardView& shard);
std::unique_ptr<MergerSteps> dedup_merger(const MergeView& merge);
std::unique_ptr<ShardSteps> hybrid_shard(const ShardView& shard);
std::unique_ptr<MergerSteps> hybrid_merger(const MergeView& merge);

}  // namespace goldpan::distributed
