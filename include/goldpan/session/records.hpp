#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/acquire/batch.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/models/calibration.hpp>

namespace goldpan {

/// What one round of one strategy at one seed found on the test set, after its batch was bought and
/// a fresh model trained. All shares are fractions.
struct RoundRecord {
  std::string strategy;
  std::uint64_t seed = 0;
  std::size_t round = 0;    ///< 0, 1, ...
  double budget = 0;        ///< fraction of the pool that the round was to reach
  std::size_t labeled = 0;  ///< labels bought so far
  double accuracy = 0;
  double balanced_accuracy = 0;
  double macro_f1 = 0;
  double nll = 0;          ///< mean negative log-likelihood after calibration, nats
  double temperature = 1;  ///< fitted on bought labels, used for the next acquisition
  double ece_before = 0;   ///< expected calibration error (15 equal-mass bins) without temperature
  double ece_after = 0;    ///< and with it
  double redundancy = 0;   ///< share of the batch with a near twin in the batch
  double redundancy_labeled =
      0;             ///< share of the batch with a near twin among the labels bought before
  double drift = 0;  ///< distance between labelled and unlabelled pool
  double train_seconds = 0;
  double score_seconds = 0;    ///< probabilities, features and passes for the batch of this round
  double select_seconds = 0;   ///< the strategy's own time for the batch of this round
  std::vector<double> recall;  ///< per class; NaN where the test set has no example
  std::vector<std::uint64_t> class_counts;  ///< labels bought so far, per class
  std::vector<ReliabilityBin> reliability_before, reliability_after;
  std::vector<std::string> notes;  ///< what the strategy or a guard had to say
};

/// One label bought.
struct PickRecord {
  std::string strategy;
  std::uint64_t seed = 0;
  std::size_t round = 0;
  std::size_t rank = 0;  ///< 0-based, within the batch
  std::string id;        ///< the item's id in the data set
  std::int32_t label = 0;
  Reason reason = Reason::kStrategy;
  double score = 0;                  ///< NaN for random picks
  double inclusion_probability = 0;  ///< NaN where it is not known
};

/// All that a journal holds: the only input of the report.
struct Records {
  /// The resolved settings, in the order of config.toml: "data.spec" -> "cifar10:...".
  std::vector<std::pair<std::string, std::string>> settings;
  /// Facts about the run: "version", "pool_size", "test_size", "encoder", "dim", "threads", ...
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::string> class_names;
  std::vector<std::string> strategies;  ///< in the order asked for
  std::vector<double> budgets;          ///< ascending fractions
  std::vector<std::uint64_t> seeds;
  std::size_t pool_size = 0;
  std::size_t test_size = 0;
  std::vector<std::uint64_t> pool_class_counts;  ///< true counts, for the report alone
  /// Ordered by strategy (as asked for), seed, round. Rounds not finished yet are absent.
  std::vector<RoundRecord> rounds;

  /// The value of a setting or fact, or empty.
  std::string fact(const std::string& name) const;
  std::string setting(const std::string& name) const;
};

/// Reads a run's journal. Throws Error if it is missing, not a journal, or of another schema
/// version.
Records read_records(const std::filesystem::path& journal);

/// The picks of a journal, ordered by strategy, seed, round and rank; read on demand since there
/// are many.
std::vector<PickRecord> read_picks(const std::filesystem::path& journal);

}  // namespace goldpan
