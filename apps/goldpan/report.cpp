#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/embed/cache.hpp>
#include <goldpan/report/report.hpp>
#include <goldpan/report/verify.hpp>

#include "commands.hpp"
#include "print_report.hpp"

void print_report(const std::filesystem::path& journal, const goldpan::LabelPrices& prices) {
  const std::filesystem::path folder = journal.parent_path();
  const goldpan::ReportResult result = goldpan::report_journal(journal, prices);
  for (const std::string& warning : result.warnings) spdlog::warn("{}", warning);
  fmt::print("{}\nResults in {}:\n", result.gains_text, folder.string());
  for (const std::filesystem::path& file : result.files) fmt::print("  {}\n", file.string());
}

namespace {

struct Options {
  std::string folder;
  goldpan::LabelPrices prices;
  std::string cache;
  bool verify = false;
};

void verify(const Options& options) {
  goldpan::Workers workers;  // Ctrl-C ends it as it ends any program: nothing is written
  goldpan::Verification found = goldpan::verify_output(options.folder, options.prices, workers);
  std::filesystem::path cache = options.cache;
  if (cache.empty()) cache = std::filesystem::path(options.folder) / "cache";
  const goldpan::CacheCheck caches = goldpan::check_caches(cache, workers);
  found.checked += caches.blocks;
  found.faults.insert(found.faults.end(), caches.faults.begin(), caches.faults.end());
  for (const std::string& note : found.notes) spdlog::warn("{}", note);
  for (const std::string& fault : found.faults) spdlog::error("{}", fault);
  if (!found.faults.empty()) {
    throw goldpan::Error(options.folder,
                         fmt::format("{} of {} things checked are not what was written",
                                     found.faults.size(), found.checked));
  }
  fmt::print("{}: {} things checked, all of them as they were written\n", options.folder,
             found.checked);
}

}  // namespace

void add_report_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "report", "Rebuild tables, figures and texts of a run from its journal, run.db");
  const auto options = std::make_shared<Options>();
  command->add_option("OUT", options->folder, "output folder of `goldpan run`")->required();
  command->add_option("--label-price", options->prices.image, "what an image-level label costs")
      ->capture_default_str();
  command
      ->add_option("--currency", options->prices.currency, "of the price, as it is to be written")
      ->capture_default_str();
  command->add_flag("--verify", options->verify,
                    "write nothing: check that journal, settings, cache, tables, figures and page "
                    "are what was written and agree; status 1 names what does not");
  command->add_option("--cache", options->cache,
                      "with --verify, the folder of cached embeddings [OUT/cache]");
  command->footer("Examples:\n  goldpan report outputs\n  goldpan report --verify outputs");
  command->callback([options] {
    if (options->verify) return verify(*options);
    print_report(std::filesystem::path(options->folder) / "run.db", options->prices);
  });
}
