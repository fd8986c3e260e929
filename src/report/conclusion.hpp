#pragma once

#include <string>
#include <vector>

#include <goldpan/report/report.hpp>

#include "report/statistics.hpp"

namespace goldpan::report {

/// What a run comes to, in words made from its numbers. Every number in it stands in a table.
struct Conclusion {
  std::string text;                  ///< one sentence or two: what is shown, or that nothing is
  bool shown = false;                ///< whether some strategy is shown to be better than random
  std::vector<std::string> details;  ///< what it rests on, and what it does not say
};

/// A saving of labels is claimed only against random at the same accuracy, only where its verdict
/// says so after correction for the number of strategies compared, and with its interval; failing
/// that a gain of accuracy over all budgets; failing that nothing.
Conclusion conclude(const Analysis& analysis, const LabelPrices& prices);

}  // namespace goldpan::report
