#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/models/classifier.hpp>
#include <goldpan/session/settings.hpp>

#include "session/journal.hpp"

namespace goldpan {

/// What all runs of an experiment share. Rows [0, pool_size) are the pool, the rest is the test
/// set.
struct LoopInputs {
  const Settings& settings;
  Embeddings embeddings;
  std::size_t pool_size = 0;
  std::size_t classes = 0;
  std::shared_ptr<const std::vector<std::int32_t>> pool_labels;  ///< for oracles alone
  /// Group (drive, video) of each pool row, or empty.
  std::vector<std::uint32_t> pool_groups;
  std::vector<std::int32_t> test_labels;
  std::vector<std::string> class_names;
  std::function<std::unique_ptr<Classifier>()> make_model;
  /// The model learns its features from the images, so that they change with every round.
  bool learns_features = false;
};

/// Labels bought by the end of each round, ascending: the budgets, and the steps between them that
/// max_batch asks for.
std::vector<std::size_t> round_targets(const Settings& settings, std::size_t pool_size);

/// Plays all rounds of one strategy at one seed that the journal does not hold yet.
/// `finished_round(labels)` is called after each, journalled rounds included, with the labels
/// bought so far.
void play(const LoopInputs& inputs, const std::string& strategy, std::uint64_t seed,
          Journal& journal, Workers& workers,
          const std::function<void(std::size_t labels)>& finished_round);

}  // namespace goldpan
