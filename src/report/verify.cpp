#include <algorithm>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/report/verify.hpp>
#include <goldpan/session/settings.hpp>

#include "report/ablation.hpp"
#include "report/dictionary.hpp"
#include "report/figures.hpp"
#include "report/manifest.hpp"
#include "report/statistics.hpp"
#include "report/tables.hpp"

namespace goldpan {
namespace {

/// One verification: what its steps share.
class Verifier {
 public:
  Verifier(std::filesystem::path folder, const LabelPrices& prices, Workers& workers)
      : folder_(std::move(folder)), prices_(prices), workers_(workers) {}

  Verification verify() {
    const std::optional<Records> records = journal(folder_);
    std::optional<report::Manifest> manifest;
    look([&] { manifest = report::read_manifest(folder_); });
    if (records) report_of(*records, manifest);
    if (records) ablations(*records);
    if (manifest) files(*manifest);
    return std::move(found_);
  }

 private:
  /// One thing that is checked: it throws Error where it is not as it should be.
  template <typename Check>
  void look(const Check& check) {
    workers_.stop_if_asked();
    ++found_.checked;
    try {
      check();
    } catch (const Error& error) {
      found_.faults.emplace_back(error.what());
    } catch (const std::filesystem::filesystem_error& error) {
      found_.faults.push_back(fmt::format("[{}] {}", error.path1().string(), error.what()));
    }
  }

  /// The journal of a folder and what must agree with it; nothing where it cannot be read.
  std::optional<Records> journal(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / "run.db";
    std::optional<Records> records;
    look([&] { records = read_records(path); });
    if (!records) return std::nullopt;
    found_.checked += records->rounds.size();
    look([&] { check_pages(path); });
    look([&] { read_picks(path); });
    look([&] { read_thumbnails(path); });
    look([&] { config(folder, *records); });
    const std::size_t rounds =
        records->strategies.size() * records->seeds.size() * records->budgets.size();
    if (records->rounds.size() < rounds) {
      found_.notes.push_back(
          fmt::format("{} is not complete; the same command resumes the run", path.string()));
    }
    return records;
  }

  static void config(const std::filesystem::path& folder, const Records& records) {
    const std::filesystem::path path = folder / "config.toml";
    Settings settings;
    apply_config(settings, path);
    const std::string standard_values = "nothing";
    const auto here = flatten(settings);
    for (const auto& [key, value] : records.settings) {
      const auto there = std::ranges::find(here, key, &std::pair<std::string, std::string>::first);
      const std::string& found = there == here.end() ? standard_values : there->second;
      if (found == value) continue;
      throw Error(path.string(),
                  fmt::format("{} is '{}', and '{}' in the journal", key, found, value));
    }
  }

  void report_of(const Records& records, const std::optional<report::Manifest>& manifest) {
    const report::Analysis analysis(records);
    const std::vector<PickRecord> picks = read_picks(folder_ / "run.db");
    ReportOptions options;
    options.prices = manifest ? manifest->prices : prices_;
    options.picks = picks;
    auto tables = report::make_tables(analysis, options);
    tables.emplace_back("README.md", report::data_dictionary(options.prices.currency));
    for (const auto& table : tables) {
      look([&] { equals(folder_ / "tables" / table.first, table.second); });
    }
    for (const std::string& name : report::figure_names(analysis)) {
      for (const char* const ending : {".png", ".svg"}) figure(name + ending, manifest);
    }
  }

  static void equals(const std::filesystem::path& path, const std::string& text) {
    const std::string found = read_text(path);
    if (found == text) return;
    const auto [here, there] = std::ranges::mismatch(found, text);
    throw Error(fmt::format("{}:{}", path.string(), 1 + std::count(found.begin(), here, '\n')),
                "differs from what the journal gives; it was changed, or made from another journal "
                "or by another version. `goldpan report` makes it anew");
  }

  /// A figure has its digest in the manifest; one that was never drawn has none.
  void figure(const std::string& name, const std::optional<report::Manifest>& manifest) {
    const std::filesystem::path path = folder_ / "figures" / name;
    if (std::filesystem::is_regular_file(path)) return;
    if (manifest && !manifest->files.contains("figures/" + name)) {
      found_.notes.push_back(path.string() + " was not drawn when the report was made");
    } else if (!manifest) {
      look([&] { throw Error(path.string(), "is missing"); });
    }
  }

  /// The files whose bytes are not given by the journal alone: figures, page, reflection.
  void files(const report::Manifest& manifest) {
    for (const auto& file : manifest.files) {
      look([&] {
        const std::filesystem::path path = folder_ / file.first;
        if (report::digest_of_file(path) == file.second) return;
        throw Error(path.string(),
                    "has other bytes than when the report was made: it was changed since, or "
                    "damaged. `goldpan report` makes the report anew");
      });
    }
  }

  void ablations(const Records& with_all) {
    const std::filesystem::path table = folder_ / "tables" / "ablation.csv";
    if (!std::filesystem::exists(table)) return;
    std::vector<Ablation> runs;
    bool complete = true;
    look([&] {
      for (const std::string& guard : guards_of(table)) {
        std::optional<Records> without = journal(folder_ / "ablation" / guard);
        complete = complete && without;
        if (without) runs.push_back({guard, std::move(*without)});
      }
      if (complete) equals(table, report::compare_ablations(with_all, runs).csv);
    });
  }

  /// The guards of the table, in its order.
  static std::vector<std::string> guards_of(const std::filesystem::path& table) {
    std::vector<std::string> names;
    const std::vector<std::string> lines = read_text_lines(table);
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const std::string name = lines[i].substr(0, lines[i].find(','));
      if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string::npos) {
        throw Error(fmt::format("{}:{}", table.string(), i + 1), "names no guard");
      }
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names;
  }

  const std::filesystem::path folder_;
  const LabelPrices& prices_;
  Workers& workers_;
  Verification found_;
};

}  // namespace

Verification verify_output(const std::filesystem::path& folder, const LabelPrices& prices,
                           Workers& workers) {
  if (!std::filesystem::is_directory(folder)) {
    throw Error(folder.string(), "is no folder, expected the output of `goldpan run`");
  }
  return Verifier(folder, prices, workers).verify();
}

}  // namespace goldpan
