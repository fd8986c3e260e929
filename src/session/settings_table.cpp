#include <algorithm>
#include <deque>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/error.hpp>
#include <goldpan/models/learner_table.hpp>
#include <goldpan/session/budgets.hpp>
#include <goldpan/session/settings.hpp>
#include <goldpan/tasks/task.hpp>

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
                   const std::vector<std::string>& choices, std::string Settings::*member) {
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

SettingInfo text_list(std::string_view key, std::string_view flag, std::string_view help,
                      std::vector<std::string> Settings::*member) {
  return {key,
          flag,
          help,
          Kind::kTextList,
          false,
          [=](const Settings& s) { return fmt::format("{}", fmt::join(s.*member, ",")); },
          [=](Settings& s, const std::string& value) { s.*member = split_list(value); }};
}

/// What is learned: a row of the task table.
SettingInfo task_row() {
  static const std::string help = [] {
    std::string text = "what is learned: ";
    for (const TaskInfo& info : tasks()) {
      text += fmt::format("{}{} ({})", text.ends_with(' ') ? "" : ", or ", info.name, info.summary);
    }
    return text;
  }();
  return {"task.name",
          "--task",
          help,
          Kind::kText,
          false,
          [](const Settings& s) { return s.task; },
          [](Settings& s, const std::string& value) { s.task = find_task(value).name; }};
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
  table.push_back(task_row());
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
  table.push_back(text_list("data.attributes", "--attributes",
                            "multilabel: attributes whose values are the labels, a group of "
                            "exclusive ones each, as weather,scene,timeofday; empty: all",
                            &Settings::attributes));
  table.push_back(text_list("data.by", "--by",
                            "also evaluate on slices of the test set: the values of these "
                            "attributes; weather+timeofday crosses two",
                            &Settings::by));
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
  table.push_back(text("model.learner", "--learner",
                       "detection: a command, given a folder, that trains on its train.json and "
                       "writes its predictions.json (see docs/detection.md); empty: a dense head "
                       "on the encoder's feature maps",
                       &Settings::learner));
  for (const LearnerInfo& learner : learners()) {
    if (learner.section == "model") continue;  // stands above, in the section of its name
    for (const LearnerOption& option : learner.options) {
      table.push_back(learner_row(learner, option));
    }
  }
  table.push_back(text("networks.device", "--device",
                       "where DINOv2 and ResNet-18 are computed: cpu, cuda or cuda:N",
                       &Settings::device));
  table.push_back(text_list("protocol.strategies", "--strategies",
                            "strategies to compare, separated by commas (see `goldpan strategies`)",
                            &Settings::strategies));
  table.push_back({"protocol.options", "--option",
                   "option of a strategy as name=value, or strategy.name=value where several have "
                   "it (see `goldpan strategies`); repeatable",
                   Kind::kTextList, true,
                   [](const Settings& s) { return fmt::format("{}", fmt::join(s.options, ",")); },
                   [](Settings& s, const std::string& value) { s.options = split_list(value); }});
  SettingInfo budgets = number_list(
      "protocol.budgets", "--budgets",
      "labels to buy: counts (20,100) and shares of the pool (0.05 or 5%; 1 is all of it)",
      &Settings::budgets);
  budgets.set = [](Settings& s, const std::string& value) {
    s.budgets.clear();
    for (const std::string& part : split_list(value)) s.budgets.push_back(parse_budget(part));
  };
  table.push_back(std::move(budgets));
  table.push_back(
      number_list("protocol.seeds", "--seeds", "one repetition for each", &Settings::seeds));
  table.push_back(
      number("protocol.max_batch", "--max-batch",
             "largest batch; a budget is reached in several rounds. 0: one round a budget", 0,
             kHuge, &Settings::max_batch));
  table.push_back(text("protocol.mine", "--mine",
                       "measure miners for a slice: a condition on attributes as "
                       "\"weather=rainy|snowy, timeofday=night\"; the standard strategies are then "
                       "random, mine_distance, mine_herding, mine_badge, badge",
                       &Settings::mine));
  table.push_back(number("protocol.passes", "--passes", "stochastic passes (Monte Carlo dropout)",
                         1, 10000, &Settings::passes));
  table.push_back(
      choice("protocol.cold_start", "--cold-start",
             "first batch. auto: k_center and its like start by themselves; what can do without a "
             "model (hybrid, uherding, auto, ...) by max_herding up to 50 labels, k_means beyond; "
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
  table.push_back(choice("protocol.aggregate", "--aggregate",
                         "detection: what the scores of an image's boxes make together",
                         {"max", "mean", "sum", "top_k"}, &Settings::aggregate));
  table.push_back(number("protocol.least_score", "--least-score",
                         "detection: boxes below it have no say in what is chosen", 0, 1,
                         &Settings::least_score));
  return table;
}

}  // namespace

const std::vector<SettingInfo>& setting_table() {
  static const std::vector<SettingInfo> table = make_table();
  return table;
}

}  // namespace goldpan
