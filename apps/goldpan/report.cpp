#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <goldpan/report/report.hpp>

#include "commands.hpp"
#include "print_report.hpp"

void print_report(const std::filesystem::path& journal, const goldpan::LabelPrices& prices) {
  const std::filesystem::path folder = journal.parent_path();
  const goldpan::ReportResult result = goldpan::report_journal(journal, prices);
  for (const std::string& warning : result.warnings) spdlog::warn("{}", warning);
  fmt::print("{}\nResults in {}:\n", result.gains_text, folder.string());
  for (const std::filesystem::path& file : result.files) fmt::print("  {}\n", file.string());
}

void add_report_command(CLI::App& program) {
  struct Options {
    std::string folder;
    goldpan::LabelPrices prices;
  };
  CLI::App* command = program.add_subcommand(
      "report", "Rebuild tables, figures and texts of a run from its journal, run.db");
  const auto options = std::make_shared<Options>();
  command->add_option("OUT", options->folder, "output folder of `goldpan run`")->required();
  command->add_option("--label-price", options->prices.image, "what an image-level label costs")
      ->capture_default_str();
  command
      ->add_option("--currency", options->prices.currency, "of the price, as it is to be written")
      ->capture_default_str();
  command->footer("Example:\n  goldpan report outputs");
  command->callback([options] {
    print_report(std::filesystem::path(options->folder) / "run.db", options->prices);
  });
}
