#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/strategies/deduplicate.hpp>
#include <goldpan/strategies/strategy.hpp>

// Selection from a pool that lies on many machines. A Proposer looks after the rows of one shard; a
// Merger asks, puts the answers together, and asks again until the picks are known. Both speak in
// strings of bytes, and neither knows how those travel: Ray, Spark, Dask, MPI or a loop will do.
//
//     while (!merger.done()) {
//       for each shard s: if (!(request = merger.request(s)).empty())
//         answers[s] = proposers[s].propose(request);      // anywhere, side by side
//       merger.merge(answers);
//     }
//     merger.selection();
//
// The picks, their order and their scores are those that select() makes of the whole pool on one
// machine, to the last bit, however the pool is cut. (Those of max_herding and uherding are not,
// and say so: see src/distributed/herding_merger.cpp.) "dedup" for a strategy, with a batch of 0,
// is deduplicate(). (All machines must have the same kind of processor: those without fused
// multiply-add round differently.)

namespace goldpan {

/// Whether this strategy can be asked of shards; the others need the whole pool in one place.
bool has_rounds(std::string_view strategy);

/// The side of one shard.
class Proposer {
 public:
  /// `pool` looks at the shard's rows, numbered from 0; their numbers in the whole pool begin at
  /// `first_row`. Its views must outlive the proposer. Throws what select() throws for this pool,
  /// and Error for a strategy that has no rounds.
  Proposer(std::string_view strategy, const Pool& pool, std::size_t first_row, Workers& workers,
           const StrategyOptions& options = {});
  ~Proposer();
  Proposer(Proposer&&) noexcept;
  Proposer& operator=(Proposer&&) noexcept;

  /// The answer to a Merger's request. Throws Error for a request that is not one.
  std::string propose(std::string_view request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What the rounds of a selection cost.
struct RoundsCost {
  std::size_t rounds = 0;        ///< questions that all had to wait for
  std::uint64_t bytes_sent = 0;  ///< requests, each as often as it was asked for
  std::uint64_t bytes_received = 0;
};

/// The coordinator's side.
class Merger {
 public:
  /// `shards`: how many there are, in the order of their rows. `generator`: as select() is given.
  /// `options`: as select() is given. Throws Error for a strategy that has no rounds.
  Merger(std::string_view strategy, std::size_t shards, std::size_t batch,
         const Generator& generator, Workers& workers, const StrategyOptions& options = {});
  ~Merger();
  Merger(Merger&&) noexcept;
  Merger& operator=(Merger&&) noexcept;

  bool done() const;
  /// What to ask shard `shard` in this round; empty: nothing. `fresh`: its proposer was made anew
  /// and has answered nothing yet; the request then also tells it what it has missed. May be asked
  /// any number of times. Requires: !done().
  std::string request(std::size_t shard, bool fresh = false) const;
  /// Takes the answers of a round, one a shard, empty for those that were not asked. Throws Error,
  /// naming the shard by its number, for an answer that is not one and for shards that do not fit
  /// together (rows that do not follow on each other, other widths or types, a batch larger than
  /// all unlabelled rows).
  void merge(std::span<const std::string> answers);
  /// Picks so far, for progress; of "dedup": rows of all shards that are decided on.
  std::size_t picked() const;
  /// Requires: done().
  const Selection& selection() const;
  /// Of "dedup": what deduplicate() finds in the whole pool. Requires: done().
  Duplicates duplicates() const;
  const RoundsCost& cost() const;

  /// The state between two rounds, for restore() of a Merger made with the same arguments. All
  /// proposers are then fresh.
  std::string checkpoint() const;
  /// Throws Error for bytes that are no checkpoint, or one of other arguments.
  void restore(std::string_view checkpoint);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The shard, of `shards`, that the item of this name goes to: a hash of the name and the seed, so
/// that shards are random samples of the pool whatever the order of its files. Requires: shards >
/// 0.
std::size_t deal(std::string_view id, std::size_t shards, std::uint64_t seed);

}  // namespace goldpan
