#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/tasks/calibration.hpp>
#include <goldpan/tasks/metric.hpp>

namespace goldpan {

/// What one round of one strategy at one seed found on the test set, after its batch was bought and
/// a fresh model trained. All shares are fractions.
///
/// Metrics of a task are those of its Task::evaluate. Of classification: accuracy,
/// balanced_accuracy, macro_f1, nll (mean negative log-likelihood after calibration, nats),
/// temperature (fitted on bought labels, used for the next acquisition), ece_before and ece_after
/// (expected calibration error, 15 equal-mass bins, without and with temperature), recall per class
/// (NaN where the test set has no example). Of every round: labels (bought so far, per class), cost
/// (of all labels bought, in the task's units), redundancy and redundancy_labeled (share of the
/// batch with a near twin in the batch, and among the labels bought before), drift (distance
/// between labelled and unlabelled pool), train_seconds, score_seconds (signals for the batch),
/// select_seconds (the strategy's own time).
struct RoundRecord {
  std::string strategy;
  std::uint64_t seed = 0;
  std::size_t round = 0;    ///< 0, 1, ...
  double budget = 0;        ///< fraction of the pool that the round was to reach
  std::size_t labeled = 0;  ///< labels bought so far
  Metrics metrics;
  std::vector<ReliabilityBin> reliability_before, reliability_after;
  /// Whether each test item of known target was judged right, in the test set's order: what pairs
  /// strategies item by item. Empty in journals of older versions.
  std::vector<bool> hits;
  std::vector<std::string> notes;  ///< what the strategy or a guard had to say

  /// A metric of all classes over the whole test set; NaN where there is none.
  double value(std::string_view metric) const { return metrics.value(metric); }
  /// Labels bought so far, per class.
  std::vector<std::uint64_t> class_counts() const;
};

/// One label bought.
struct PickRecord {
  std::string strategy;
  std::uint64_t seed = 0;
  std::size_t round = 0;
  std::size_t rank = 0;  ///< 0-based, within the batch
  std::string id;        ///< the item's id in the data set
  /// The class bought; of detection the category of most boxes, of several labels the first; -1
  /// for none.
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

/// Reads a run's journal, of this or an older schema version. Throws Error if it is missing, not a
/// journal, of a newer version, or where its content is not what was written (each round carries a
/// digest), naming the round.
Records read_records(const std::filesystem::path& journal);

/// Has SQLite look at every page of a journal, beyond what reading it needs. Throws Error with the
/// first thing that is wrong.
void check_pages(const std::filesystem::path& journal);

/// Small pictures of items, as the bytes of JPEG files by the item's id: those of the first picks
/// of each batch at the first seed, where the data has images.
std::map<std::string, std::string> read_thumbnails(const std::filesystem::path& journal);

/// What was bought, by the item's id, as Task::write writes it: of tasks whose label is more than a
/// class (detection, multilabel).
std::map<std::string, std::string> read_targets(const std::filesystem::path& journal);

/// The picks of a journal, ordered by strategy, seed, round and rank; read on demand since there
/// are many.
std::vector<PickRecord> read_picks(const std::filesystem::path& journal);

}  // namespace goldpan
