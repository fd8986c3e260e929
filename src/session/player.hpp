#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/models/learner.hpp>
#include <goldpan/session/settings.hpp>
#include <goldpan/tasks/slices.hpp>
#include <goldpan/tasks/task.hpp>

#include "session/journal.hpp"
#include "session/ledger.hpp"
#include "session/oracle.hpp"
#include "session/slice_mining.hpp"

namespace goldpan {

/// What all jobs of a run share. Rows [0, pool_size) are the pool, the rest is the test set.
struct Plan {
  const Settings& settings;
  std::unique_ptr<Task> task;
  Embeddings embeddings;
  std::size_t size = 0;  ///< rows: pool and test set
  std::size_t pool_size = 0;
  std::shared_ptr<const Targets> pool_targets;  ///< for oracles alone
  Targets test_targets;                         ///< of all rows; unknown in the pool
  /// Attributes of all rows: those of the pool first.
  AttributeColumns attributes;
  /// Parts of the test set, as places in it, that every evaluation is cut by.
  std::vector<Slice> test_slices;
  /// What miners mine for.
  MinedSlice mined;
  /// Group (drive, video) of each pool row, or empty.
  std::vector<std::uint32_t> pool_groups;
  std::function<std::unique_ptr<Learner>()> make_learner;
  /// The same without calibration, for miners, which ask for what it predicts alone.
  std::function<std::unique_ptr<Learner>()> make_plain_learner;
  /// The model learns its features from the images, so that they change with every round.
  bool learns_features = false;
  Progress stop;  ///< asked by long selections
};

/// Labels bought by the end of each round, ascending: the budgets, and the steps between them that
/// max_batch asks for.
std::vector<std::size_t> round_targets(const Settings& settings, std::size_t pool_size);

/// What a round leaves behind.
struct PlayedRound {
  RoundRecord record;
  std::vector<Pick> picks;
  std::vector<BoughtLabel> labels;  ///< of each pick
};

/// One strategy at one seed. Its state after a round follows from the picks alone.
class Player {
 public:
  Player(const Plan& plan, const std::string& strategy, std::uint64_t seed, Workers& workers);

  /// Takes over a round from the journal.
  void restore(std::span<const Pick> picks);
  /// Chooses the batch that brings the labels to `target`, buys it, trains and evaluates.
  PlayedRound play(std::size_t round, std::size_t target);

  std::size_t labeled() const { return ledger_.labeled().size(); }

 private:
  bool learned_embeddings() const;
  bool needs_model() const;
  StreamOf streams_of(std::size_t round) const;
  Embeddings pool_embeddings() const;
  StrategyOptions options_of(std::string_view strategy) const;

  std::vector<BoughtLabel> buy(std::span<const Pick> picks);
  FitReport train(std::size_t round);
  Proposal cold_start(std::size_t batch) const;
  Proposal later_batch(std::size_t round, std::size_t batch, double& score_seconds);
  std::function<Selection(const Pool& pool, std::size_t count)> mining_choice(const Round& round);
  std::vector<FloorWish> floor_wishes(std::size_t batch) const;
  void describe_batch(std::span<const Pick> picks, Metrics& metrics) const;

  const Plan& plan_;
  const Settings& settings_;
  const StrategyInfo& info_;
  const std::uint64_t seed_;
  Workers& workers_;
  const Generator streams_;
  Oracle oracle_;
  Ledger ledger_;
  const std::unique_ptr<Learner> learner_;
  bool is_trained_ = false;  // on the labels bought so far
};

/// Plays all rounds of one strategy at one seed that the journal does not hold yet.
/// `finished_round(labels)` is called after each, journalled rounds included, with the labels
/// bought so far.
void play(const Plan& plan, const std::string& strategy, std::uint64_t seed, Journal& journal,
          Workers& workers, const std::function<void(std::size_t labels)>& finished_round);

}  // namespace goldpan
