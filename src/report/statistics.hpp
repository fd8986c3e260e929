#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/grid.hpp"
#include "report/paired_tests.hpp"

namespace goldpan::report {

/// A strategy against random at the same seeds, in percentage points.
struct Comparison {
  std::size_t strategy = 0;
  PairedTest test;  ///< by contrast(): the error of seeds and that of test items are both in it
  std::vector<double> differences;  ///< one a seed where both have a value
  /// Holm-corrected over the strategies compared (at one budget, or in one area); NaN where there
  /// is nothing to test: one seed, the whole pool, or the very same results as random.
  double p_holm = kNan;
  /// A 95 % interval that holds for all members of the family at once (Bonferroni), so that the
  /// best of them may be chosen by it.
  double ci_all_low = kNan, ci_all_high = kNan;
  std::size_t seeds_needed = 0;  ///< 0: no number up to 10,000, or nothing to go by
  std::string verdict;
};

/// Corrects one family of comparisons by Holm's method and puts the verdicts into words; members
/// with nothing to test stay outside. Requires: differences and test are there.
void judge_family(const std::vector<Comparison*>& family);

/// A comparison at one budget.
struct Gain : Comparison {
  std::size_t budget = 0;
};

/// Every strategy but random at every budget, by strategy, then budget. The Holm family is the
/// strategies at one budget. At the whole pool the verdict is "same labels"; where every seed's
/// result equals random's (a shared first batch) it is "equal": neither enters a family.
std::vector<Gain> budget_gains(const Grid& grid);

/// A comparison over a range of budgets: the mean of a strategy's gains there, seed by seed. The
/// Holm family is the strategies in one band.
struct BandGain : Comparison {
  std::string band;  ///< "few", "low", "middle" or "high"
  /// Those of the band where the strategy does not simply hold random's own first batch.
  std::vector<std::size_t> budgets;
};
/// Few is below 5 % of the pool, low up to 10 %, middle up to 50 %, high what is left below 100 %.
/// By band, then strategy; where no budget is left there is no comparison.
std::vector<BandGain> band_gains(const Grid& grid);

/// The mean accuracy over ln(budget) from the smallest to the largest budget, by trapezoids: the
/// learning curve in one number, every doubling of the budget weighing the same. Seeds with all
/// budgets only.
struct Area {
  std::vector<double> log_area;     ///< a seed, fraction
  std::vector<double> linear_area;  ///< the same over the budget itself
  Comparison against_random;        ///< of log_area; n = 0 for random itself
};
/// One a strategy.
std::vector<Area> areas_under_curve(const Grid& grid);

/// How often one strategy beats another: the cell of a penalty matrix as in Ash et al. 2020
/// (BADGE), section 4: "a beats b" at a budget where the test of the gains shows it. At each budget
/// the pairs with random are one Holm family (the gains' own, so that both say the same), and all
/// other pairs are another; equal results are no members. The whole pool is left out. penalty of b
/// by a = wins / budgets.
struct Wins {
  std::size_t winner = 0;
  std::size_t loser = 0;
  std::size_t wins = 0;
  std::size_t budgets = 0;  ///< budgets at which both could be compared
};
std::vector<Wins> pairwise_wins(const Grid& grid);

/// The labels that a strategy needs for a share of the full-data accuracy (MonotoneCurve over the
/// mean of the seeds; at the whole pool every curve ends in the accuracy averaged over strategies).
struct LabelsToMatch {
  std::size_t strategy = 0;
  double target = 1;           ///< share of the full-data accuracy
  double target_accuracy = 0;  ///< fraction
  double labels = kNan;        ///< rounded up; NaN if never reached
  bool at_most = false;        ///< the first budget is enough already
  double labels_low = kNan;    ///< fewest and most over the seeds' own curves and targets
  double labels_high = kNan;
  double saved = kNan;              ///< against labelling the whole pool
  double saved_over_random = kNan;  ///< against random

  // The same against random as a share of random's labels, with a 95 % interval that holds for all
  // strategies at this target at once (Bonferroni), so that the best of them may be chosen by it.
  double saved_share = kNan;
  double saved_share_low = kNan, saved_share_high = kNan;
  /// Of ln(labels / random's labels), by the test of the gains on what the curves are made of
  /// (delta method). NaN for random, for the full accuracy (its place on a flat curve is no number
  /// to test) and where the first budget is enough for both.
  PairedTest test;
  double p_holm = kNan;  ///< over the strategies at this target
  /// "fewer", "more", "not shown with 3 seeds", "not tested", or "" for random.
  std::string verdict;
};
std::vector<LabelsToMatch> labels_to_match(const Grid& grid);

/// The accuracy at the whole pool over all strategies: of one seed, or of all of them.
double full_accuracy(const Grid& grid, std::optional<std::size_t> only_seed);

/// At the whole pool all strategies hold the same labels: within a seed their accuracies may differ
/// by training noise alone.
struct FullDataCheck {
  double spread = kNan;     ///< largest over seeds of (best - worst strategy), points
  std::uint64_t seed = 0;   ///< where
  std::string best, worst;  ///< strategies there
  double tolerance = kNan;  ///< points: one standard error of the test accuracy, at least 0.5
  bool applies() const { return spread == spread; }
  bool passed() const { return applies() && spread <= tolerance; }
};
FullDataCheck check_full_data(const Grid& grid);

/// Everything that tables, figures and texts are made of.
struct Analysis {
  explicit Analysis(const Records& records);

  Grid grid;
  double full_accuracy = kNan;  ///< mean over strategies and seeds at the whole pool
  std::vector<Gain> gains;
  std::vector<BandGain> bands;
  std::vector<Area> areas;
  std::vector<Wins> wins;
  std::vector<LabelsToMatch> matches;
  FullDataCheck check;

  /// Whether rounds hold the results of single test items, so that the test set's own error is in
  /// every interval.
  bool has_items() const;

  /// The comparison at a cell, or null (random itself, nothing to compare).
  const Gain* gain(std::size_t strategy, std::size_t budget) const;
};

}  // namespace goldpan::report
