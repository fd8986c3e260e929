#include <algorithm>
#include <deque>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/models/learner_table.hpp>
#include <goldpan/session/settings.hpp>
#include <goldpan/strategies/strategy.hpp>

#include "session/settings_lists.hpp"

namespace goldpan {
namespace {

using Kind = SettingInfo::Kind;

SettingInfo text(std::string_view key, std::string_view flag, std::string_view help,
                 std::string Settings::*member) {
  return {key,
          flag,
          help,
          Kind::kText,
          false,
          [=](const Settings& s) { return s.*member; },
          [=](Settings& s, const std::string& value) { s.*member = value; }};
}

SettingInfo choice(std::string_view key, std::string_view flag, std::string_view help,
                   std::vector<std::string> choices, std::string Settings::*member) {
  SettingInfo info = text(key, flag, help, member);
  info.set = [=](Settings& s, const std::string& value) {
    if (std::ranges::find(choices, value) == choices.end()) {
      throw Error(flag, fmt::format("got '{}', expected {}", value, fmt::join(choices, ", ")));
    }
    s.*member = value;
  };
  return info;
}

template <typename Number>
SettingInfo number(std::string_view key, std::string_view flag, std::string_view help, double least,
                   double most, Number Settings::*member) {
  return {key,
          flag,
          help,
          Kind::kNumber,
          false,
          [=](const Settings& s) { return fmt::format("{}", s.*member); },
          [=](Settings& s, const std::string& value) {
            const auto parsed = parse_number<Number>(flag, value);
            const auto wide = static_cast<double>(parsed);
            if (!(wide >= least && wide <= most)) {
              throw Error(flag, fmt::format("got {}, expected {} to {}", value, least, most));
            }
            s.*member = parsed;
          }};
}

SettingInfo on_off(std::string_view key, std::string_view flag, std::string_view help,
                   bool Settings::*member) {
  return {key,
          flag,
          help,
          Kind::kFlag,
          false,
          [=](const Settings& s) { return std::string(s.*member ? "true" : "false"); },
          [=](Settings& s, const std::string& value) {
            if (value != "true" && value != "false") {
              throw Error(flag, fmt::format("got '{}', expected true or false", value));
            }
            s.*member = value == "true";
          }};
}

template <typename Number>
SettingInfo number_list(std::string_view key, std::string_view flag, std::string_view help,
                        std::vector<Number> Settings::*member) {
  return {key,
          flag,
          help,
          Kind::kNumberList,
          false,
          [=](const Settings& s) { return fmt::format("{}", fmt::join(s.*member, ",")); },
          [=](Settings& s, const std::string& value) {
            (s.*member).clear();
            for (const std::string& part : split_list(value)) {
              (s.*member).push_back(parse_number<Number>(flag, part));
            }
          }};
}

/// Which learner: a row of the learner table.
SettingInfo model_row() {
  static const std::string help = [] {
    std::string text;
    for (const LearnerInfo& info : learners()) {
      text += fmt::format("{}{} ({}{})", text.empty() ? "" : ", or ", info.name, info.summary,
                          info.build_option.empty()
                              ? ""
                              : fmt::format("; needs a build with {}", info.build_option));
    }
    return text;
  }();
  return {"model.name",
          "--model",
          help,
          Kind::kText,
          false,
          [](const Settings& s) { return s.model; },
          [](Settings& s, const std::string& value) { s.model = find_learner(value).name; }};
}

/// An option of a learner. The table is made once: keys live as long as the program.
SettingInfo learner_row(const LearnerInfo& learner, const LearnerOption& option) {
  static std::deque<std::string> keys;
  const std::string& key =
      keys.emplace_back(fmt::format("{}.{}", learner.section, option.row.name));
  const OptionInfo* const row = &option.row;
  return {key,
          option.flag,
          row->help,
          row->type == OptionType::kFlag ? Kind::kFlag : Kind::kNumber,
          false,
          [key, row](const Settings& s) {
            const auto given = s.learner_options.given().find(key);
            return given == s.learner_options.given().end() ? std::string(row->standard)
                                                            : given->second;
          },
          [key, row, flag = option.flag](Settings& s, const std::string& value) {
            if (!accepts(*row, value)) {
              throw Error(flag, fmt::format("got {}, expected {}", value, range_of(*row)));
            }
            s.learner_options.set(key, value);
          }};
}

constexpr double kHuge = 1e18;

std::vector<SettingInfo> make_table() {
  std::vector<SettingInfo> table;
  table.push_back(text("data.spec", "--data",
                       "data set: cifar10:DIR, folder:DIR, idx:DIR, npy:DIR, ... or auto",
                       &Settings::data));
  table.push_back(
      text("data.group_pattern", "--groups",
           "regular expression on file names; its first capture names the drive, video or track, "
           "which is then never split between pool and test",
           &Settings::group_pattern));
  table.push_back(choice("data.attribute", "--attribute", "BDD100K: the attribute to classify",
                         {"weather", "timeofday", "scene"}, &Settings::attribute));
  table.push_back(
      choice("data.test", "--test",
             "test set: holdout (stratified, see --test-fraction) or official (the shipped one)",
             {"holdout", "official"}, &Settings::test));
  table.push_back(number("data.test_fraction", "--test-fraction", "share held out for testing",
                         0.01, 0.9, &Settings::test_fraction));
  table.push_back(number("data.split_seed", "--split-seed", "seed of the pool/test split", 0, kHuge,
                         &Settings::split_seed));
  table.push_back(choice("data.broken_images", "--broken-images",
                         "images that cannot be decoded: refuse to run, or skip and count them",
                         {"refuse", "skip"}, &Settings::broken_images));
  table.push_back(number(
      "data.dedup", "--dedup",
      "leave near-duplicates out of the pool: rows whose cosine with a kept row is at least this; "
      "0: keep all",
      0, 1, &Settings::dedup));
  table.push_back(on_off("data.one_per_group", "--one-per-group",
                         "keep one item of each group (see --groups) in the pool, drawn at random",
                         &Settings::one_per_group));
  table.push_back(
      text("encoder.name", "--encoder",
           "lite0, patches, dinov2_vits14, clip_vitb32, siglip_base, network:FILE, or auto: DINOv2 "
           "where its weights are, else lite0, else patches",
           &Settings::encoder));
  table.push_back(number("encoder.dim", "--dim",
                         "dimensions of an embedding, by PCA fitted on the pool where the network "
                         "has more; 0: 384 of patches and lite0, all of others",
                         0, 65536, &Settings::dim));
  table.push_back(
      text("encoder.weights", "--weights",
           "the encoder's file; empty: where setup.sh puts it, below data or $GOLDPAN_DATA",
           &Settings::weights));
  table.push_back(number("encoder.dinov2_size", "--dinov2-size",
                         "DINOv2: height and width of its input, a multiple of 14", 14, 3584,
                         &Settings::dinov2_size));
  table.push_back(model_row());
  for (const LearnerOption& option : find_learner("linear").options) {
    table.push_back(learner_row(find_learner("linear"), option));
  }
  table.push_back(on_off("model.importance_weights", "--importance-weights",
                         "weigh labels by inverse acquisition probability, as far as it is known",
                         &Settings::importance_weights));
  for (const LearnerInfo& learner : learners()) {
    if (learner.section == "model") continue;  // stands above, in the section of its name
    for (const LearnerOption& option : learner.options) {
      table.push_back(learner_row(learner, option));
    }
  }
  table.push_back(text("networks.device", "--device",
                       "where DINOv2 and ResNet-18 are computed: cpu, cuda or cuda:N",
                       &Settings::device));
  SettingInfo strategies{
      "protocol.strategies",
      "--strategies",
      "strategies to compare, separated by commas (see `goldpan strategies`)",
      Kind::kTextList,
      false,
      [](const Settings& s) { return fmt::format("{}", fmt::join(s.strategies, ",")); },
      [](Settings& s, const std::string& value) { s.strategies = split_list(value); }};
  table.push_back(std::move(strategies));
  table.push_back({"protocol.options", "--option",
                   "option of a strategy as name=value, or strategy.name=value where several have "
                   "it (see `goldpan strategies`); repeatable",
                   Kind::kTextList, true,
                   [](const Settings& s) { return fmt::format("{}", fmt::join(s.options, ",")); },
                   [](Settings& s, const std::string& value) { s.options = split_list(value); }});
  table.push_back(number_list("protocol.budgets", "--budgets",
                              "labels to buy, as fractions of the pool, ascending",
                              &Settings::budgets));
  table.push_back(
      number_list("protocol.seeds", "--seeds", "one repetition for each", &Settings::seeds));
  table.push_back(
      number("protocol.max_batch", "--max-batch",
             "largest batch; a budget is reached in several rounds. 0: one round a budget", 0,
             kHuge, &Settings::max_batch));
  table.push_back(number("protocol.passes", "--passes", "stochastic passes (Monte Carlo dropout)",
                         1, 10000, &Settings::passes));
  table.push_back(
      choice("protocol.cold_start", "--cold-start",
             "first batch. auto: k_center and its like start by themselves, hybrid by k_means, "
             "the others from one random batch",
             {"auto", "random", "k_means", "max_herding", "typiclust", "k_center"},
             &Settings::cold_start));
  table.push_back(number("protocol.reserve", "--reserve",
                         "share of every later batch drawn at random", 0, 1, &Settings::reserve));
  table.push_back(on_off("protocol.calibration", "--calibration",
                         "temperature scaling of the probabilities used for acquisition",
                         &Settings::calibration));
  table.push_back(on_off("protocol.class_floor", "--class-floor",
                         "random picks by predicted class where a class starves",
                         &Settings::class_floor));
  table.push_back(number("protocol.near_twin", "--near-twin",
                         "cosine of two embeddings from which on they count as near twins", 0, 1,
                         &Settings::near_twin));
  return table;
}

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

const std::vector<SettingInfo>& setting_table() {
  static const std::vector<SettingInfo> table = make_table();
  return table;
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
  const StrategyInfo& info = find_strategy(strategy);
  for (const std::string& option : settings.options) {
    const std::size_t dot = option.substr(0, option.find('=')).find('.');
    const bool is_named = dot != std::string::npos;
    if (is_named && option.substr(0, dot) != strategy) continue;
    OptionValues pair;
    pair.set_pair(is_named ? option.substr(dot + 1) : option);
    const auto& [name, value] = *pair.given().begin();
    const bool has_it =
        std::ranges::any_of(info.options, [&](const OptionInfo& row) { return row.name == name; });
    if (is_named || has_it) values.set(name, value);
  }
  return values;
}

namespace {

void check_options(const Settings& settings) {
  for (const std::string& name : settings.strategies) {
    const StrategyInfo& info = find_strategy(name);
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

void check(const Settings& settings) {
  if (settings.strategies.empty()) throw Error("--strategies", "got none, expected at least one");
  for (const std::string& name : settings.strategies) find_strategy(name);
  if (std::set(settings.strategies.begin(), settings.strategies.end()).size() !=
      settings.strategies.size()) {
    throw Error("--strategies", "names a strategy twice");
  }
  check_options(settings);
  if (settings.budgets.empty()) throw Error("--budgets", "got none, expected at least one");
  for (const double budget : settings.budgets) {
    if (!(budget > 0 && budget <= 1)) {
      throw Error("--budgets",
                  fmt::format("got {}, expected fractions of the pool above 0 and up to 1 "
                              "(0.25 is 25 %)",
                              budget));
    }
  }
  if (!std::ranges::is_sorted(settings.budgets) ||
      std::ranges::adjacent_find(settings.budgets) != settings.budgets.end()) {
    throw Error("--budgets", fmt::format("got {}, expected them ascending and each once",
                                         fmt::join(settings.budgets, ",")));
  }
  if (settings.seeds.empty()) throw Error("--seeds", "got none, expected at least one");
  if (std::set(settings.seeds.begin(), settings.seeds.end()).size() != settings.seeds.size()) {
    throw Error("--seeds", "names a seed twice");
  }
}

}  // namespace goldpan
