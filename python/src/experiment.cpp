#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <goldpan/session/records.hpp>
#include <goldpan/session/settings.hpp>

#include "bindings.hpp"

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
  module.def("read_facts", &read_facts, nb::arg("journal"));
  module.def("read_picks", &read_picks, nb::arg("journal"));
}
