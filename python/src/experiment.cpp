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

#include <goldpan/core/error.hpp>
#include <goldpan/report/report.hpp>
#include <goldpan/session/experiment.hpp>
#include <goldpan/session/guards.hpp>
#include <goldpan/session/records.hpp>

#include "bindings.hpp"
#include "caller.hpp"

namespace nb = nanobind;

namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

/// (flag, default, help, kind) of every setting of `goldpan run`.
nb::list settings() {
  static constexpr const char* kKinds[] = {"text", "number", "flag", "texts", "numbers"};
  nb::list rows;
  for (const goldpan::SettingInfo& info : goldpan::setting_table()) {
    rows.append(nb::make_tuple(std::string(info.flag), info.get(goldpan::Settings()),
                               std::string(info.help), kKinds[static_cast<int>(info.kind)]));
  }
  return rows;
}

/// Runs the experiment and writes its report. Returns the table of gains as text, and warnings.
nb::tuple run(const Texts& given, const std::filesystem::path& out,
              const std::filesystem::path& cache, const std::vector<std::string>& ablate,
              int threads, bool fresh, double label_price, nb::object listener) {
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

/// Settings and facts of a journal, each by name.
nb::tuple read_facts(const std::filesystem::path& journal) {
  const goldpan::Records records = goldpan::read_records(journal);
  const auto as_dict = [](const Texts& texts) {
    nb::dict dict;
    for (const auto& [name, value] : texts) dict[name.c_str()] = value;
    return dict;
  };
  return nb::make_tuple(as_dict(records.settings), as_dict(records.facts), records.class_names);
}

/// The picks of a journal as columns.
nb::dict read_picks(const std::filesystem::path& journal) {
  nb::list strategy, seed, round, rank, id, label, reason, score, probability;
  for (const goldpan::PickRecord& pick : goldpan::read_picks(journal)) {
    strategy.append(pick.strategy);
    seed.append(pick.seed);
    round.append(pick.round);
    rank.append(pick.rank);
    id.append(pick.id);
    label.append(pick.label);
    reason.append(goldpan::reason_name(pick.reason));
    score.append(pick.score);
    probability.append(pick.inclusion_probability);
  }
  nb::dict columns;
  columns["strategy"] = strategy;
  columns["seed"] = seed;
  columns["round"] = round;
  columns["rank"] = rank;
  columns["id"] = id;
  columns["label"] = label;
  columns["reason"] = reason;
  columns["score"] = score;
  columns["inclusion_probability"] = probability;
  return columns;
}

}  // namespace

void add_experiment(nb::module_& module) {
  module.def("settings", &settings);
  module.def("run", &run, nb::arg("given"), nb::arg("out"), nb::arg("cache"), nb::arg("ablate"),
             nb::arg("threads"), nb::arg("fresh"), nb::arg("label_price"),
             nb::arg("listener").none());
  module.def("read_facts", &read_facts, nb::arg("journal"));
  module.def("read_picks", &read_picks, nb::arg("journal"));
}
