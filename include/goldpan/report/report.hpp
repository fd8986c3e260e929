#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <goldpan/core/image.hpp>
#include <goldpan/experiment/records.hpp>

namespace goldpan {

/// Prices of a label in US dollars, for the money columns.
struct LabelPrices {
  double image = 0.05;
};

struct ReportOptions {
  LabelPrices prices;
};

struct ReportResult {
  /// The table of gains over random, as text for a terminal.
  std::string gains_text;
  /// What was written, relative to the output folder.
  std::vector<std::filesystem::path> files;
  /// What could not be made and why ("gnuplot is not installed: no figures"), and what the checks
  /// found.
  std::vector<std::string> warnings;
};

/// Rebuilds every table, figure and text in `folder` from the records (DESIGN.md, Outputs).
/// Deterministic: equal records give equal bytes, but for tables/timings.csv, which holds what the
/// clock said.
ReportResult write_report(const Records& records, const std::filesystem::path& folder,
                          const ReportOptions& options = {});

}  // namespace goldpan
