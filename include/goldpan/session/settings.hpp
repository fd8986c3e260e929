#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <goldpan/core/options.hpp>

namespace goldpan {

/// Everything that a run's numbers depend on. Threads, folders and prices are not here: they never
/// change a number.
struct Settings {
  std::string task = "classification";
  // data
  std::string data = "auto";
  std::string group_pattern;
  std::string attribute = "weather";
  /// multilabel: the attributes whose values are labels, a group each; empty: all there are.
  std::vector<std::string> attributes;
  /// Attributes whose values are slices that every evaluation is cut by; `a+b` crosses two.
  std::vector<std::string> by;
  std::string test = "holdout";
  double test_fraction = 0.2;
  std::uint64_t split_seed = 0;
  std::string broken_images = "refuse";
  double dedup = 0;
  bool one_per_group = false;
  // encoder
  std::string encoder = "auto";
  std::size_t dim = 0;
  std::string weights;
  std::size_t dinov2_size = 224;
  // model
  std::string model = "linear";
  bool importance_weights = false;
  /// detection: a command that trains and predicts instead of the dense head; empty: the head.
  std::string learner;
  /// Options of learners that were given, as "section.name" of the learner table.
  OptionValues learner_options;
  // networks: a GPU rounds differently, and embeds in half precision
  std::string device = "cpu";
  // protocol
  std::vector<std::string> strategies = {"random", "margin", "bald",    "k_center",
                                         "badge",  "hybrid", "entropy", "least_confidence"};
  /// Counts of labels above 1, shares of the pool up to it (session/budgets.hpp): the first labels,
  /// where strategies differ by many points, and the range in which the full accuracy is reached.
  std::vector<double> budgets = {20, 50, 100, 200, 500, 0.05, 0.10, 0.25, 0.50, 0.75, 1.0};
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  std::size_t max_batch = 0;
  /// A condition on attributes: what a slice is mined for ("weather=rainy, timeofday=night").
  std::string mine;
  std::size_t passes = 20;
  std::string cold_start = "auto";
  double reserve = 0.1;
  bool calibration = true;
  bool class_floor = true;
  double near_twin = 0.95;
  /// detection: what the scores of an image's boxes make together, and boxes that count.
  std::string aggregate = "max";
  double least_score = 0.05;
  /// Options of strategies, "name=value" for each strategy that has it, or "strategy.name=value".
  std::vector<std::string> options;
};

/// One row a setting: the list behind the configuration file, the options of `goldpan run`, the
/// journal and the docs.
struct SettingInfo {
  enum class Kind { kText, kNumber, kFlag, kTextList, kNumberList };

  std::string_view key;   ///< "protocol.budgets": section and name in the configuration file
  std::string_view flag;  ///< "--budgets"
  std::string_view help;
  Kind kind;
  bool repeatable = false;  ///< on the command line, where what is given adds up
  std::function<std::string(const Settings&)> get;
  /// Throws Error naming the flag, what it got and what it expected.
  std::function<void(Settings&, const std::string&)> set;
};
const std::vector<SettingInfo>& setting_table();

/// All settings as text, in the order of the table.
std::vector<std::pair<std::string, std::string>> flatten(const Settings& settings);

/// The settings as a TOML document with a section per group, readable by apply_config.
std::string to_toml(const Settings& settings);

/// Overwrites what the TOML file names. Throws Error with file and line for bad syntax, an unknown
/// key (listing the known ones of its section) or a bad value.
void apply_config(Settings& settings, const std::filesystem::path& file);

/// The options of a learner, defaults included.
OptionValues options_of_learner(const Settings& settings, std::string_view learner);

/// The options that the settings give a strategy. Throws Error for one without "=".
OptionValues options_for(const Settings& settings, std::string_view strategy);

/// The settings with what stands for "the task's own" filled in: strategies that were left at their
/// standard become those of the task, or random, the miners and BADGE where a slice is mined for.
Settings with_task_standards(Settings settings);

/// Checks what no single setting can: shares within (0, 1] and counts ascending, strategies known
/// and not repeated, seeds not repeated, options known to a strategy that is asked for and in
/// range. Throws Error.
void check(const Settings& settings);

}  // namespace goldpan
