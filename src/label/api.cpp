#include "label/api.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <goldpan/core/error.hpp>

namespace goldpan::label {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostAnswers = 1000;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json estimate(const std::optional<Estimate>& value) {
  if (!value) return nullptr;
  return {{"value", number(value->value)},
          {"low", number(value->low)},
          {"high", number(value->high)},
          {"from", value->from}};
}

Json truth(const Truth& truth) {
  return {{"labels", truth.labels},           {"reserve", estimate(truth.reserve)},
          {"pool", estimate(truth.pool)},     {"gain", estimate(truth.gain)},
          {"temperature", truth.temperature}, {"seconds", truth.seconds}};
}

std::string class_name(const LabelSession& session, std::int32_t label) {
  return label < 0 ? std::string() : session.pool().classes[static_cast<std::size_t>(label)];
}

/// The member as text, or `otherwise` where it is missing. Throws Error where it is something else.
std::string text(const Json& entry, const char* name, const std::string& where,
                 const std::string& otherwise) {
  const auto found = entry.find(name);
  if (found == entry.end() || found->is_null()) return otherwise;
  if (!found->is_string()) throw Error(where, fmt::format("has a '{}' that is no text", name));
  return found->get<std::string>();
}

Json parse(std::string_view body) {
  try {
    return Json::parse(body);
  } catch (const nlohmann::json::exception&) {
    throw Error("body", "is not JSON");
  }
}

}  // namespace

std::string state_json(const LabelSession& session) {
  const LabelState state = session.state();
  const LabelPool& pool = session.pool();
  const LabelOptions& options = session.options();
  Json classes = Json::array(), people = Json::array(), curve = Json::array();
  for (std::size_t c = 0; c < pool.classes.size(); ++c) {
    classes.push_back({{"name", pool.classes[c]}, {"count", state.class_counts[c]}});
  }
  for (const PersonCount& person : state.people) {
    people.push_back({{"who", person.who},
                      {"answers", person.answers},
                      {"labels_a_minute", person.labels_a_minute}});
  }
  for (const Truth& point : state.curve) curve.push_back(truth(point));
  return dump({{"protocol", kProtocol},
               {"session", state.session},
               {"pool", state.pool},
               {"labelled", state.labelled},
               {"skipped", state.skipped},
               {"unsure", state.unsure},
               {"answers", state.answers},
               {"open", state.open},
               {"batches", state.batches},
               {"strategy", options.strategy},
               {"batch", options.batch},
               {"reserve", options.reserve},
               {"overlap", options.overlap},
               {"has_images", pool.images != nullptr},
               {"classes", classes},
               {"people", people},
               {"model",
                {{"labels", state.model_labels},
                 {"train_seconds", state.train_seconds},
                 {"select_seconds", state.select_seconds}}},
               {"truth", truth(state.truth)},
               {"curve", curve},
               {"suspicious", state.suspicions},
               {"trouble", state.trouble}});
}

std::string items_json(const LabelSession& session, const std::vector<ShownItem>& items) {
  const LabelPool& pool = session.pool();
  Json list = Json::array();
  for (const ShownItem& item : items) {
    const std::string id = std::to_string(item.item);
    Json entry = {{"id", id},
                  {"name", pool.ids[item.item]},
                  {"image", pool.images ? Json("/api/images/" + id) : Json(nullptr)},
                  {"reason", item.reason},
                  {"score", number(item.score)},
                  {"second_opinion", item.second_opinion}};
    if (item.predicted >= 0) {
      entry["prediction"] = {{"label", class_name(session, item.predicted)},
                             {"confidence", item.confidence}};
    } else {
      entry["prediction"] = nullptr;
    }
    list.push_back(std::move(entry));
  }
  return dump({{"protocol", kProtocol}, {"items", std::move(list)}});
}

std::string suspicions_json(const LabelSession& session, std::size_t count) {
  Json list = Json::array();
  for (const Suspicion& suspicion : session.suspicions(count)) {
    const std::string id = std::to_string(suspicion.item);
    list.push_back({{"id", id},
                    {"name", session.pool().ids[suspicion.item]},
                    {"image", session.pool().images ? Json("/api/images/" + id) : Json(nullptr)},
                    {"given", class_name(session, suspicion.given)},
                    {"given_probability", suspicion.given_probability},
                    {"suggested", class_name(session, suspicion.suggested)},
                    {"suggested_probability", suspicion.suggested_probability}});
  }
  return dump({{"protocol", kProtocol}, {"items", std::move(list)}});
}

std::string agreement_json(const LabelSession& session) {
  const Agreement agreement = session.agreement();
  Json pairs = Json::array(), disagreements = Json::array();
  for (const auto& pair : agreement.pairs) {
    pairs.push_back({{"a", pair.a},
                     {"b", pair.b},
                     {"items", pair.items},
                     {"agreed", pair.agreed},
                     {"cohen_kappa", number(pair.cohen)}});
  }
  for (const Disagreement& disagreement : agreement.disagreements) {
    const std::string id = std::to_string(disagreement.item);
    Json said = Json::object();
    for (const auto& [who, label] : disagreement.said) said[who] = class_name(session, label);
    disagreements.push_back(
        {{"id", id},
         {"name", session.pool().ids[disagreement.item]},
         {"image", session.pool().images ? Json("/api/images/" + id) : Json(nullptr)},
         {"said", std::move(said)}});
  }
  return dump({{"protocol", kProtocol},
               {"items", agreement.items},
               {"krippendorff_alpha", number(agreement.krippendorff)},
               {"pairs", std::move(pairs)},
               {"disagreements", std::move(disagreements)}});
}

std::size_t parse_item(const LabelSession& session, std::string_view id) {
  std::size_t item = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), item);
  // One spelling a number: "007" is no id.
  const bool padded = id.size() > 1 && id.front() == '0';
  if (error != std::errc() || end != id.data() + id.size() || padded ||
      item >= session.pool().ids.size()) {
    throw Error("id", "is of no item");
  }
  return item;
}

std::vector<NewAnswer> parse_answers(const LabelSession& session, std::string_view body) {
  const Json list = parse(body);
  if (!list.is_array()) throw Error("body", "expected a list of answers");
  if (list.size() > kMostAnswers) {
    throw Error("body",
                fmt::format("has {} answers, expected at most {}", list.size(), kMostAnswers));
  }
  const std::vector<std::string>& classes = session.pool().classes;
  std::vector<NewAnswer> answers;
  for (const Json& entry : list) {
    const std::string where = fmt::format("answer {}", answers.size());
    if (!entry.is_object()) throw Error(where, "is not an object");
    NewAnswer answer;
    answer.item = parse_item(session, text(entry, "id", where, ""));
    answer.who = text(entry, "who", where, "me");
    answer.note = text(entry, "note", where, "");
    answer.key = text(entry, "key", where, "");
    const auto is_set = [&](const char* name) {
      const auto found = entry.find(name);
      return found != entry.end() && *found == true;
    };
    const bool skip = is_set("skip"), unsure = is_set("unsure"), label = entry.contains("label");
    if (skip + unsure + label != 1) {
      throw Error(where, "expected one of 'label', 'skip' and 'unsure'");
    }
    if (label) {
      const std::string name = text(entry, "label", where, "");
      const auto found = std::find(classes.begin(), classes.end(), name);
      if (found == classes.end())
        throw Error(where, "has a label that is no class of this session");
      answer.label = static_cast<std::int32_t>(found - classes.begin());
    } else {
      answer.kind = skip ? AnswerKind::kSkip : AnswerKind::kUnsure;
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::string parse_who(std::string_view body) {
  const Json object = parse(body);
  if (!object.is_object()) throw Error("body", "expected an object");
  return text(object, "who", "body", "me");
}

}  // namespace goldpan::label
