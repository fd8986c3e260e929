#pragma once

#include <string>
#include <utility>
#include <vector>

#include <goldpan/report/report.hpp>

#include "report/statistics.hpp"

namespace goldpan::report {

/// Every table of a run as (file name, CSV text). All are deterministic but timings*.csv.
std::vector<std::pair<std::string, std::string>> make_tables(const Analysis& analysis,
                                                             const ReportOptions& options);

/// The gains over random as a table for a terminal, at most 100 columns wide.
std::string gains_text(const Analysis& analysis);

}  // namespace goldpan::report
