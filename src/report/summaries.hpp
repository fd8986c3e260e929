#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/grid.hpp"
#include "report/paired_tests.hpp"

namespace goldpan::report {

/// Over seeds; NaN where there is nothing to average, or one value alone for the deviation.
struct MeanStd {
  double mean = kNan;
  double std = kNan;
};

/// What the batches of one strategy were like when a budget was reached.
struct BatchSummary {
  std::size_t seeds = 0;
  MeanStd redundancy;
  MeanStd redundancy_labeled;
  MeanStd drift;
  /// Half the sum over classes of |share of the labels bought - share of the pool| (total
  /// variation): 0 is the pool's own mixture, 1 the most one-sided.
  MeanStd imbalance;
  double classes_without_labels = kNan;  ///< the most over seeds, of classes that the pool has
};
BatchSummary summarize_batches(const Grid& grid, std::size_t strategy, std::size_t budget);

/// How a strategy's batches differ from random's at a budget, as a paired test over seeds (in the
/// field's own units).
PairedTest against_random(const Grid& grid, std::size_t strategy, std::size_t budget,
                          std::string_view metric);

/// The names of the classes that some seed has no label of at this budget.
std::vector<std::string> classes_without_labels(const Grid& grid, std::size_t strategy,
                                                std::size_t budget);

/// The bins of all seeds at one budget, of one strategy or of all, pooled bin by bin and weighted
/// by counts; empty if no round has any.
std::vector<ReliabilityBin> pooled_reliability(const Grid& grid, std::size_t budget, bool after,
                                               std::optional<std::size_t> only_strategy = {});

/// Seconds of one whole run of a strategy (all rounds of one seed), mean over seeds, and what the
/// scaling law makes of them at larger pools:
/// - budgets stay the same shares of the pool, so batches grow with it: training and scoring grow
/// in
///   proportion, selection with the pool to the `power` (2 where every pick looks at every
///   candidate);
/// - the same labels are bought from the larger pool: training stays, scoring and selection grow in
///   proportion.
struct Cost {
  std::size_t strategy = 0;
  std::size_t seeds = 0;
  double train = 0, score = 0, select = 0;
  double power = 1;

  double total() const { return train + score + select; }
  double scaled(double times) const;
  double scaled_same_labels(double times) const;
};
/// Of seeds with all rounds; by strategy.
std::vector<Cost> costs_at_scale(const Grid& grid);

}  // namespace goldpan::report
