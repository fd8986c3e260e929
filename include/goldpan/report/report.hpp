#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <goldpan/session/records.hpp>

namespace goldpan {

/// What labels cost, for the money columns of labels_to_match.csv and what quotes them.
struct LabelPrices {
  double image = 0.05;           ///< one image-level label
  std::string currency = "USD";  ///< as it is to be written
};

/// Throws Error naming the price that is negative or no number.
void check(const LabelPrices& prices);

struct ReportOptions {
  LabelPrices prices;
  /// The picks of the same journal (read_picks), in its order: they fill the reasons' counts of
  /// tables/batches.csv and the thumbnails of report.html. Without them both stay empty.
  std::span<const PickRecord> picks;
  /// A small picture of the item, as the bytes of a JPEG or PNG file, or nothing. Called for the
  /// few picks that the page shows, from the calling thread; what it throws is turned into a
  /// warning.
  std::function<std::string(const PickRecord&)> thumbnail;
  /// The program that draws the figures, by name (looked up in PATH) or path.
  std::string gnuplot = "gnuplot";
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
/// clock said, and what quotes it (reflection.md, report.html). A figure that cannot be drawn costs
/// a warning, nothing more. Throws Error if the folder cannot be written.
ReportResult write_report(const Records& records, const std::filesystem::path& folder,
                          const ReportOptions& options = ReportOptions());

/// Writes the report of a run's journal into its folder: a report needs nothing but its journal and
/// opens no data. Throws as read_records and write_report do.
ReportResult report_journal(const std::filesystem::path& journal,
                            const LabelPrices& prices = LabelPrices());

/// A run like another but for one guard of the protocol that is switched off.
struct Ablation {
  std::string guard;  ///< "reserve", "calibration", ...
  Records without;
};

/// Writes tables/ablation.csv in `folder`: for each guard, strategy and budget the accuracy with
/// and without it, their paired difference over seeds (with minus without, percentage points) and
/// what the guard costs in seconds. Returns the table as text for a terminal.
std::string write_ablation(const Records& with_all, const std::vector<Ablation>& ablations,
                           const std::filesystem::path& folder);

}  // namespace goldpan
