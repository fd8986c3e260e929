#pragma once

#include <string>
#include <vector>

#include "report/statistics.hpp"
#include "report/styles.hpp"
#include "report/summaries.hpp"

// Numbers in words, as all sections of the reflection put them.
namespace goldpan::report {

/// "BADGE", from the strategy's number.
std::string name_of(const Grid& grid, std::size_t strategy);
std::optional<std::size_t> find_strategy_named(const Grid& grid, const std::string& name);

/// What the report's metric is called in the plural ("accuracies"), and what more of it is ("more
/// accurate").
std::string values_of(const Grid& grid);
std::string more(const Grid& grid);

/// "+0.49 ± 0.18 points (95 % interval +0.04 to +0.94, corrected p = 0.22)".
std::string describe(const Comparison& comparison);
/// "+0.49 ± 0.18".
std::string describe_briefly(const Comparison& comparison);
/// "; about 6 seeds would be needed" or "".
std::string seeds_hint(const Comparison& comparison);
/// "p = 0.022", "p < 0.001".
std::string describe_p(double p_value);
/// "0.05 ± 0.01" of shares as per cent or of plain numbers.
std::string describe_percent(const MeanStd& value, int decimals = 1);
std::string describe_number(const MeanStd& value, int decimals);

/// "below 5 % of the pool: 20 to 500 labels", of the budgets of few labels that there are.
std::string few_labels(const Grid& grid);

/// "a", "a and b", "a, b and c".
std::string listed(const std::vector<std::string>& items);
/// "1 seed", "3 seeds".
std::string counted(std::size_t count, const std::string& noun);
/// "12 s", "3.4 minutes", "2.1 hours".
std::string describe_seconds(double seconds);

}  // namespace goldpan::report
