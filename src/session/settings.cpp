#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/models/learner_table.hpp>
#include <goldpan/session/budgets.hpp>
#include <goldpan/session/settings.hpp>
#include <goldpan/strategies/strategy.hpp>

#include "session/settings_lists.hpp"
#include "session/slice_mining.hpp"
#include "session/task_choice.hpp"

namespace goldpan {
namespace {

using Kind = SettingInfo::Kind;

/// A TOML value as the text that the table's setters take.
std::string as_text(const toml::node& node, const std::string& where) {
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_integer()) return fmt::format("{}", value->get());
  if (const auto* value = node.as_floating_point()) return fmt::format("{}", value->get());
  if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
  const auto* array = node.as_array();
  if (array == nullptr)
    throw Error(where, "expected a text, a number, true, false or a list of them");
  std::vector<std::string> parts;
  for (const toml::node& element : *array) parts.push_back(as_text(element, where));
  return fmt::format("{}", fmt::join(parts, ","));
}

std::string toml_text(const std::string& value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// "[data]", "[encoder]", ...
std::vector<std::string> sections() {
  std::vector<std::string> names;
  for (const SettingInfo& info : setting_table()) {
    std::string name = fmt::format("[{}]", info.key.substr(0, info.key.find('.')));
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  return names;
}

std::string place(const std::filesystem::path& file, const toml::source_region& source) {
  return fmt::format("{}:{}", file.string(), source.begin.line);
}

}  // namespace

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  if (text.find_first_not_of(' ') == std::string::npos) return parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::size_t begin = std::min(text.find_first_not_of(' ', at), end);
    parts.push_back(text.substr(begin, end - begin));
    while (parts.back().ends_with(' ')) parts.back().pop_back();
    at = end + 1;
  }
  return parts;
}

std::vector<std::pair<std::string, std::string>> flatten(const Settings& settings) {
  std::vector<std::pair<std::string, std::string>> flat;
  for (const SettingInfo& info : setting_table()) flat.emplace_back(info.key, info.get(settings));
  return flat;
}

std::string to_toml(const Settings& settings) {
  std::string document =
      "# The resolved settings of this run; `goldpan run --config` reads them.\n";
  std::string_view section;
  for (const SettingInfo& info : setting_table()) {
    const std::size_t dot = info.key.find('.');
    if (info.key.substr(0, dot) != section) {
      section = info.key.substr(0, dot);
      document += fmt::format("\n[{}]\n", section);
    }
    std::string value = info.get(settings);
    if (info.kind == Kind::kText) value = toml_text(value);
    if (info.kind == Kind::kNumberList) value = '[' + value + ']';
    if (info.kind == Kind::kTextList) {
      std::vector<std::string> parts = split_list(value);
      for (std::string& part : parts) part = toml_text(part);
      value = fmt::format("[{}]", fmt::join(parts, ", "));
    }
    document += fmt::format("{} = {}\n", info.key.substr(dot + 1), value);
  }
  return document;
}

void apply_config(Settings& settings, const std::filesystem::path& file) {
  toml::table document;
  const std::string content = read_text(file);
  try {
    document = toml::parse(content);
  } catch (const toml::parse_error& error) {
    throw Error(place(file, error.source()), std::string(error.description()));
  }
  for (const auto& [section, node] : document) {
    const auto* table = node.as_table();
    if (table == nullptr) {
      throw Error(place(file, node.source()),
                  fmt::format("'{}' stands outside a section, expected one of {} before it",
                              section.str(), fmt::join(sections(), ", ")));
    }
    for (const auto& [name, value] : *table) {
      const std::string key = fmt::format("{}.{}", section.str(), name.str());
      const std::string where = place(file, value.source());
      const auto& known = setting_table();
      const auto info = std::ranges::find(known, std::string_view(key), &SettingInfo::key);
      if (info == known.end()) {
        std::vector<std::string_view> names;
        for (const SettingInfo& other : known) names.push_back(other.key);
        throw Error(where, fmt::format("unknown setting '{}', expected one of {}", key,
                                       fmt::join(names, ", ")));
      }
      try {
        info->set(settings, as_text(value, where));
      } catch (const Error& error) {
        throw Error(where, error.what());
      }
    }
  }
}

OptionValues options_of_learner(const Settings& settings, std::string_view learner) {
  const LearnerInfo& info = find_learner(learner);
  std::vector<OptionInfo> rows;
  OptionValues values;
  for (const LearnerOption& option : info.options) {
    rows.push_back(option.row);
    const auto given =
        settings.learner_options.given().find(fmt::format("{}.{}", info.section, option.row.name));
    if (given != settings.learner_options.given().end()) {
      values.set(std::string(option.row.name), given->second);
    }
  }
  return values.resolve(rows, info.name);
}

OptionValues options_for(const Settings& settings, std::string_view strategy) {
  OptionValues values;
  const StrategyInfo& info = strategy_row(strategy);
  for (const std::string& option : settings.options) {
    const std::size_t dot = option.substr(0, option.find('=')).find('.');
    const bool is_named = dot != std::string::npos;
    if (is_named && option.substr(0, dot) != strategy) continue;
    OptionValues pair;
    pair.set_pair(is_named ? option.substr(dot + 1) : option);
    const auto& given = *pair.given().begin();
    const bool has_it =
        std::ranges::find(info.options, given.first, &OptionInfo::name) != info.options.end();
    if (is_named || has_it) values.set(given.first, given.second);
  }
  return values;
}

namespace {

void check_options(const Settings& settings) {
  for (const std::string& name : settings.strategies) {
    const StrategyInfo& info = find_task_strategy(settings.task, name);
    options_for(settings, name).resolve(info.options, info.name);
  }
  for (const std::string& option : settings.options) {
    Settings alone = settings;
    alone.options = {option};
    const bool is_used = std::ranges::any_of(settings.strategies, [&](const std::string& name) {
      return !options_for(alone, name).empty();
    });
    if (!is_used) {
      throw Error("--option", fmt::format("got '{}', which none of the strategies {} has", option,
                                          fmt::join(settings.strategies, ", ")));
    }
  }
}

}  // namespace

Settings with_task_standards(Settings settings) {
  if (settings.strategies != Settings().strategies) return settings;
  settings.strategies = task_strategies(settings.task);
  if (!settings.mine.empty()) {
    settings.strategies = {"random", "mine_distance", "mine_herding"};
    // BADGE has no gradient where an item has several labels.
    if (settings.task != "multilabel") {
      settings.strategies.insert(settings.strategies.end(), {"mine_badge", "badge"});
    }
  }
  return settings;
}

void check(const Settings& settings) {
  if (settings.strategies.empty()) throw Error("--strategies", "got none, expected at least one");
  for (const std::string& name : settings.strategies) {
    find_task_strategy(settings.task, name);
    if (settings.mine.empty() && find_miner(name) != nullptr) {
      throw Error("--strategies", fmt::format("{} mines for a slice, expected --mine", name));
    }
  }
  if (std::set(settings.strategies.begin(), settings.strategies.end()).size() !=
      settings.strategies.size()) {
    throw Error("--strategies", "names a strategy twice");
  }
  check_options(settings);
  check_budgets(settings.budgets);
  if (settings.task != "multilabel" && !settings.attributes.empty()) {
    throw Error("--attributes", fmt::format("are the labels of --task multilabel, but the task is "
                                            "{}",
                                            settings.task));
  }
  if (settings.task != "detection" && !settings.learner.empty()) {
    throw Error("--learner", fmt::format("is a detector for --task detection, but the task is {}",
                                         settings.task));
  }
  if (settings.task != "classification" && settings.model != "linear") {
    throw Error("--model", fmt::format("got {}, expected linear for --task {}", settings.model,
                                       settings.task));
  }
  if (settings.seeds.empty()) throw Error("--seeds", "got none, expected at least one");
  if (std::set(settings.seeds.begin(), settings.seeds.end()).size() != settings.seeds.size()) {
    throw Error("--seeds", "names a seed twice");
  }
}

}  // namespace goldpan
