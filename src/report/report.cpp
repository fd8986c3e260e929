#include <fmt/format.h>

#include <goldpan/core/files.hpp>
#include <goldpan/report/report.hpp>

#include "report/figures.hpp"
#include "report/statistics.hpp"
#include "report/tables.hpp"

namespace goldpan {
namespace {

using report::Analysis;

void check(const Analysis& analysis, std::vector<std::string>& warnings) {
  const report::Grid& grid = analysis.grid;
  if (const std::size_t missing = grid.missing(); missing > 0) {
    warnings.push_back(
        fmt::format("{} rounds are not finished: what is shown may change when they are", missing));
  }
  if (!grid.random()) {
    warnings.push_back("the run has no strategy 'random': there is nothing to compare with");
  }
}

}  // namespace

ReportResult write_report(const Records& records, const std::filesystem::path& folder,
                          const ReportOptions& options) {
  const Analysis analysis(records);
  ReportResult result;
  check(analysis, result.warnings);
  make_writable_folder(folder / "tables");
  make_writable_folder(folder / "figures");
  for (const auto& [name, text] : report::make_tables(analysis, options)) {
    const std::filesystem::path file = std::filesystem::path("tables") / name;
    write_file(folder / file, text);
    result.files.push_back(file);
  }
  report::draw_figures(analysis, options.gnuplot, folder, result.files, result.warnings);
  result.gains_text = report::gains_text(analysis);
  return result;
}

}  // namespace goldpan
