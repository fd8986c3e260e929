#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <goldpan/experiment/experiment.hpp>
#include <goldpan/experiment/records.hpp>
#include <goldpan/report/report.hpp>

#include "background.hpp"
#include "module.hpp"

namespace goldpan::python {
namespace {

namespace nb = nanobind;
using Pairs = std::vector<std::pair<std::string, std::string>>;

ReportResult report_of(const std::filesystem::path& folder, double label_price) {
  ReportOptions options;
  options.prices.image = label_price;
  return write_report(read_records(folder / "run.db"), folder, options);
}

/// Runs and reports; returns (the table of gains as text, messages and warnings).
nb::tuple run(const Pairs& settings_text, const std::string& out, const std::string& cache,
              const std::vector<std::string>& search_path, int threads, bool fresh,
              double label_price) {
  Settings settings;
  for (const auto& [key, value] : settings_text) {
    bool known = false;
    for (const SettingInfo& info : setting_table()) {
      if (info.key != key) continue;
      info.set(settings, value);
      known = true;
    }
    if (!known) throw Error("run", "unknown setting '" + key + "'");
  }
  std::vector<std::string> messages;
  ReportResult report;
  in_background([&](const Progress& progress) {
    RunOptions options;
    options.threads = threads;
    options.fresh = fresh;
    options.cache_folder = cache;
    options.search_path.assign(search_path.begin(), search_path.end());
    options.say = [&](const std::string& message) { messages.push_back(message); };
    options.embedding_progress = progress;
    options.loop_progress = progress;
    run_experiment(settings, out, options);
    report = report_of(out, label_price);
  });
  messages.insert(messages.end(), report.warnings.begin(), report.warnings.end());
  return nb::make_tuple(report.gains_text, messages);
}

nb::tuple rebuild_report(const std::string& out, double label_price) {
  ReportResult report;
  in_background([&](const Progress& /*progress*/) { report = report_of(out, label_price); });
  return nb::make_tuple(report.gains_text, report.warnings);
}

/// The settings as rows (key, help, default as text).
nb::list settings_table() {
  nb::list rows;
  for (const SettingInfo& info : setting_table()) {
    rows.append(nb::make_tuple(nb::str(info.key.data(), info.key.size()),
                               nb::str(info.help.data(), info.help.size()),
                               info.get(Settings())));
  }
  return rows;
}

}  // namespace

void bind_experiment(nb::module_& module) {
  module.def("run", &run, nb::arg("settings"), nb::arg("out"), nb::arg("cache"),
             nb::arg("search_path"), nb::arg("threads"), nb::arg("fresh"), nb::arg("label_price"));
  module.def("report", &rebuild_report, nb::arg("out"), nb::arg("label_price"));
  module.def("settings", &settings_table);
}

}  // namespace goldpan::python
