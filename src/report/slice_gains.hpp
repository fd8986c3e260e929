#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "report/figure_scripts.hpp"
#include "report/reflection.hpp"
#include "report/statistics.hpp"

namespace goldpan::report {

/// What a run that mined for a slice (`--mine`) measured: every strategy on the slice and on the
/// whole, against random and against distance mining at the same seeds.
class SliceStudy {
 public:
  /// A comparison on the slice or on the whole, at one budget or as the mean over several.
  struct Gain : Comparison {
    bool on_slice = false;
    std::size_t against = 0;           ///< a strategy's number
    std::vector<std::size_t> budgets;  ///< one, or all at which the two differ
    bool over_all = false;
  };

  /// Requires: mined(analysis).
  explicit SliceStudy(const Analysis& analysis);
  /// Whether the run mined for a slice, and measured it.
  static bool mined(const Analysis& analysis);

  const std::string& slice() const { return slice_; }
  const Grid& whole() const { return *whole_; }
  /// The same rounds, judged on the slice: strategies, budgets and seeds have the same numbers.
  const Grid& on_slice() const { return *on_slice_; }
  std::size_t test_items() const { return records_->test_size; }  ///< of the slice

  /// By part (slice first), rival, budget, strategy; each such family is corrected by Holm. The
  /// means over all budgets come last.
  const std::vector<Gain>& gains() const { return gains_; }
  /// The mean over all budgets, or null.
  const Gain* overall(bool on_slice, std::size_t strategy, std::size_t against) const;
  /// What distance mining's number is, if it was played.
  std::optional<std::size_t> distance() const { return distance_; }

 private:
  void compare(bool on_slice, std::size_t against);

  std::string slice_;
  std::unique_ptr<Records> records_;  // judged on the slice
  const Grid* whole_;
  std::unique_ptr<Grid> on_slice_;
  std::optional<std::size_t> distance_;
  std::vector<Gain> gains_;
};

/// tables/slice_gains.csv.
std::string slice_gains_table(const SliceStudy& study);
/// Four panels over the budget: the metric on the slice and on the whole, and below each the gain
/// over random.
FigureScript slice_gains_script(const SliceStudy& study);
/// What the slice gained, what the rest paid, and what would change with BADGE in the place of
/// distance mining.
ReflectionSection reflect_on_slice(const SliceStudy& study);

}  // namespace goldpan::report
