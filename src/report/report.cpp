#include <cmath>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/report/report.hpp>

#include "report/dictionary.hpp"
#include "report/figures.hpp"
#include "report/manifest.hpp"
#include "report/page.hpp"
#include "report/reflection.hpp"
#include "report/statistics.hpp"
#include "report/tables.hpp"

namespace goldpan {

void check(const LabelPrices& prices) {
  if (prices.image >= 0 && std::isfinite(prices.image)) return;
  throw Error("--label-price", fmt::format("got {}, expected a number, 0 or more", prices.image));
}

ReportResult write_report(const Records& records, const std::filesystem::path& folder,
                          const ReportOptions& options) {
  check(options.prices);
  const report::Analysis analysis(records);
  ReportResult result;
  result.warnings = report::check_run(analysis);
  make_writable_folder(folder / "tables");
  make_writable_folder(folder / "figures");
  for (const auto& [name, text] : report::make_tables(analysis, options)) {
    const std::filesystem::path file = std::filesystem::path("tables") / name;
    write_file(folder / file, text);
    result.files.push_back(file);
  }
  write_file(folder / "tables" / "README.md",
             report::data_dictionary(options.prices.currency, analysis.grid.task()));
  result.files.emplace_back("tables/README.md");
  report::draw_figures(analysis, options.gnuplot, folder, result.files, result.warnings);
  const std::vector<report::ReflectionSection> reflection =
      report::reflect(analysis, options.prices);
  write_file(folder / "reflection.md", report::reflection_markdown(analysis, reflection));
  result.files.emplace_back("reflection.md");
  write_file(folder / "report.html",
             report::report_page(analysis, options, reflection, result.warnings));
  result.files.emplace_back("report.html");
  report::write_manifest(folder, options.prices, result.files);
  result.files.emplace_back(report::kManifest);
  result.gains_text = report::gains_text(analysis);
  return result;
}

}  // namespace goldpan
