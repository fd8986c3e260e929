#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/session/records.hpp>
#include <goldpan/tasks/task.hpp>

namespace goldpan::report {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The share of the pool that parts the two regimes of a run: few labels, and shares of the pool.
inline constexpr double kFewLabels = 0.05;

/// The rounds of a run as a table: strategy x budget x seed. Cells of rounds that are not finished
/// are empty. Holds a reference to the records, which must outlive it.
class Grid {
 public:
  explicit Grid(const Records& records);

  const Records& records() const { return *records_; }
  /// What was learned; classification in journals of older versions.
  const TaskInfo& task() const { return *task_; }
  /// The metric that the report is about.
  std::string_view headline() const { return task_->headline.metric; }
  /// As asked for; strategies, budgets and seeds without any finished round are left out.
  const std::vector<std::string>& strategies() const { return strategies_; }
  /// Every fraction that some round was to reach (finer rounds included), ascending.
  const std::vector<double>& budgets() const { return budgets_; }
  const std::vector<std::uint64_t>& seeds() const { return seeds_; }

  /// The round, or null.
  const RoundRecord* at(std::size_t strategy, std::size_t budget, std::size_t seed) const;
  /// One field over the seeds, those without a finite value left out.
  std::vector<double> values(std::size_t strategy, std::size_t budget,
                             std::string_view metric) const;
  /// Rounds that the settings ask for and the journal does not hold.
  std::size_t missing() const;

  /// Where the baseline "random" stands among the strategies.
  std::optional<std::size_t> random() const { return random_; }
  /// Whether the budget is the whole pool, where all strategies hold the same labels.
  bool is_full(std::size_t budget) const { return budgets_[budget] >= 1 - 1e-9; }
  std::optional<std::size_t> full() const;
  /// Whether the budget is one of few labels, below kFewLabels of the pool: there strategies differ
  /// by many points, and what they do with shares of the pool says little about it.
  bool is_few(std::size_t budget) const { return budgets_[budget] < kFewLabels - 1e-9; }
  /// The first budget that is not one of few labels, or the last of all: where one budget stands
  /// for the run. A grid without budgets has none: 0.
  std::size_t first_share() const;
  /// The budgets that the settings name, without finer rounds between them; all if there are none.
  std::vector<std::size_t> asked_budgets() const;
  /// Labels bought at a budget: the most that a round there reports (they agree in a sound run).
  std::size_t labels(std::size_t budget) const { return labels_[budget]; }

 private:
  const Records* records_;
  const TaskInfo* task_;
  std::vector<std::string> strategies_;
  std::vector<double> budgets_;
  std::vector<std::uint64_t> seeds_;
  std::vector<const RoundRecord*> cells_;
  std::vector<std::size_t> labels_;
  std::optional<std::size_t> random_;
};

}  // namespace goldpan::report
