#include "run.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <scenes/scenes.hpp>

#include <goldpan/report/report.hpp>
#include <goldpan/session/experiment.hpp>
#include <goldpan/session/guards.hpp>
#include <goldpan/session/records.hpp>

#include "caller.hpp"

namespace nb = nanobind;

namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

/// Runs the experiment and writes its report. Returns the table of gains as text, and warnings.
nb::tuple run(const Texts& given, const std::filesystem::path& out,
              const std::filesystem::path& cache, const std::vector<std::string>& ablate,
              int threads, bool fresh, double label_price, nb::object listener,
              const MakeEncoder& make_encoder) {
  goldpan::Settings settings;
  for (const auto& [flag, value] : given) {
    for (const goldpan::SettingInfo& info : goldpan::setting_table()) {
      if (info.flag == flag) info.set(settings, value);
    }
  }
  goldpan::LabelPrices prices;
  prices.image = label_price;
  goldpan::check(prices);
  Caller caller(std::move(listener));
  goldpan::RunOptions options;
  options.threads = threads;
  options.fresh = fresh;
  options.cache_folder = cache;
  options.search_path = goldpan::standard_search_path();
  options.data_formats = {goldpan::scenes_format()};
  options.data_progress = caller.progress("rendering");
  options.say = [&](const std::string& message) { caller.say(message); };
  if (make_encoder) {
    options.make_encoder = [&](const goldpan::Settings& wanted) {
      return make_encoder(wanted, options.search_path, options.say);
    };
  }
  options.fit_progress = caller.progress("learning");
  options.embedding_progress = caller.progress("embedding");
  options.loop_progress = caller.progress("loop");
  goldpan::ReportResult result;
  caller.run([&] {
    goldpan::check_guards(ablate);
    const std::filesystem::path journal = goldpan::run_experiment(settings, out, options);
    std::vector<goldpan::Ablation> ablations;
    for (const auto& [guard, without] :
         goldpan::run_without_guards(settings, ablate, out, options)) {
      ablations.push_back({guard, goldpan::read_records(without)});
    }
    result = goldpan::report_journal(journal, prices);
    if (!ablations.empty()) {
      goldpan::write_ablation(goldpan::read_records(journal), ablations, out);
    }
  });
  return nb::make_tuple(result.gains_text, result.warnings);
}

}  // namespace

void add_run(nb::module_& module, MakeEncoder make_encoder) {
  module.def(
      "run",
      [make_encoder = std::move(make_encoder)](
          const Texts& given, const std::filesystem::path& out, const std::filesystem::path& cache,
          const std::vector<std::string>& ablate, int threads, bool fresh, double label_price,
          nb::object listener) {
        return run(given, out, cache, ablate, threads, fresh, label_price, std::move(listener),
                   make_encoder);
      },
      nb::arg("given"), nb::arg("out"), nb::arg("cache"), nb::arg("ablate"), nb::arg("threads"),
      nb::arg("fresh"), nb::arg("label_price"), nb::arg("listener").none());
}
