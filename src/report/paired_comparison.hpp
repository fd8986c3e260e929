#pragma once

#include <span>
#include <vector>

#include "report/grid.hpp"
#include "report/paired_tests.hpp"

namespace goldpan::report {

/// A weight on the accuracy of one strategy at one budget.
struct Term {
  std::size_t strategy = 0;
  std::size_t budget = 0;
  double weight = 0;
};

/// A weighted sum of accuracies, seed by seed, and whether it differs from 0.
struct Contrast {
  std::vector<std::size_t> seeds;  ///< places of the seeds that have all rounds
  std::vector<double> values;      ///< the sum at each of them
  PairedTest test;                 ///< of their mean against 0
  bool has_items = false;          ///< the test set's own error is in the test
};

/// The one test of every verdict: sums of `terms`, times `scale`, over seeds and test items. Each
/// term's accuracy is a mean over test items, so that the sum is one of (seed, item) cells whose
/// variance crossed_variance splits. Where rounds hold no results of single items (journals of
/// older versions), the error is that of seeds, but never below the least that so large a
/// difference has on a test set of this size: at least the share |difference| of items was judged
/// differently.
Contrast contrast(const Grid& grid, std::span<const Term> terms, double scale = 1);

/// Terms of a - b, each budget with its weight.
std::vector<Term> difference_terms(std::size_t a, std::size_t b,
                                   std::span<const std::size_t> budgets,
                                   std::span<const double> weights);

}  // namespace goldpan::report
