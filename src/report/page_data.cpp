#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/conclusion.hpp"
#include "report/figure_scripts.hpp"
#include "report/figures.hpp"
#include "report/page.hpp"
#include "report/reflection_phrases.hpp"
#include "report/styles.hpp"
#include "report/summaries.hpp"

namespace goldpan::report {
namespace {

/// The metrics of all classes over the whole test set, in the order in which rounds have them; what
/// the clock said is shown elsewhere.
std::vector<std::string> metric_names(const Records& records) {
  std::vector<std::string> names;
  if (records.rounds.empty()) return names;
  for (const Metric& metric : records.rounds.front().metrics.rows()) {
    if (metric.cls != kAllClasses || metric.slice != "all") continue;
    if (!metric.name.ends_with("_seconds")) names.push_back(metric.name);
  }
  return names;
}

// [strategy][budget][seed], null where there is no round.
Json cube(const Grid& grid, std::string_view metric) {
  Json strategies = Json::array();
  for (std::size_t s = 0; s < grid.strategies().size(); ++s) {
    Json budgets = Json::array();
    for (std::size_t b = 0; b < grid.budgets().size(); ++b) {
      Json seeds = Json::array();
      for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
        const RoundRecord* round = grid.at(s, b, seed);
        seeds.push_back(round == nullptr ? Json() : number(round->value(metric)));
      }
      budgets.push_back(std::move(seeds));
    }
    strategies.push_back(std::move(budgets));
  }
  return strategies;
}

Json bins(const Grid& grid, std::size_t strategy, std::size_t budget, bool after) {
  Json list = Json::array();
  for (const ReliabilityBin& bin : pooled_reliability(grid, budget, after, strategy)) {
    list.push_back({number(bin.confidence, 1e4), number(bin.accuracy, 1e4), bin.count});
  }
  return list;
}

// A metric by class at a budget, mean over the seeds that have it; empty where none has.
Json by_class(const Grid& grid, std::size_t strategy, std::size_t budget, std::string_view metric,
              double precision) {
  std::vector<double> sums, counts;
  for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
    const RoundRecord* round = grid.at(strategy, budget, seed);
    if (round == nullptr) continue;
    const std::vector<double> values = round->metrics.by_class(metric);
    sums.resize(std::max(sums.size(), values.size()), 0.0);
    counts.resize(sums.size(), 0.0);
    for (std::size_t c = 0; c < values.size(); ++c) {
      if (!std::isfinite(values[c])) continue;
      sums[c] += values[c];
      ++counts[c];
    }
  }
  Json list = Json::array();
  for (std::size_t c = 0; c < sums.size(); ++c)
    list.push_back(number(sums[c] / counts[c], precision));
  return list;
}

// A colour mixed with white, so that it stands out on dark paper.
std::string lightened(const std::string& color) {
  std::string text = "#";
  for (int part = 0; part < 3; ++part) {
    const int value = std::stoi(color.substr(1 + 2 * part, 2), nullptr, 16);
    text += fmt::format("{:02x}", value + (255 - value) * 35 / 100);
  }
  return text;
}

void add_strategies(const Grid& grid, Json& data) {
  const std::vector<Style> styles = styles_of(grid.strategies());
  for (const char* const list : {"strategies", "reliability", "class_counts", "class_recall"}) {
    data[list] = Json::array();
  }
  for (std::size_t s = 0; s < styles.size(); ++s) {
    data["strategies"].push_back({{"name", grid.strategies()[s]},
                                  {"label", styles[s].label},
                                  {"color", styles[s].color},
                                  {"color_dark", lightened(styles[s].color)},
                                  {"dash", styles[s].dash},
                                  {"marker", styles[s].marker},
                                  {"baseline", styles[s].baseline}});
    Json reliability = Json::array();
    Json counts = Json::array();
    Json recall = Json::array();
    for (std::size_t b = 0; b < grid.budgets().size(); ++b) {
      reliability.push_back(
          {{"before", bins(grid, s, b, false)}, {"after", bins(grid, s, b, true)}});
      counts.push_back(by_class(grid, s, b, "labels", 10));
      recall.push_back(by_class(grid, s, b, grid.task().by_class.metric, 1e4));
    }
    data["reliability"].push_back(std::move(reliability));
    data["class_counts"].push_back(std::move(counts));
    data["class_recall"].push_back(std::move(recall));
  }
}

// Ids of the sections that have something to show, in the page's order.
Json sections(const Analysis& analysis, const Json& data) {
  const Grid& grid = analysis.grid;
  Json ids = Json::array();
  const auto add = [&](const char* id, bool is_there) {
    if (is_there) ids.push_back(id);
  };
  const bool any = !grid.strategies().empty();
  const Json& tables = data["tables"];
  const bool has_classes = std::ranges::any_of(data["class_counts"], [](const Json& budgets) {
    return std::ranges::any_of(budgets, [](const Json& counts) { return !counts.empty(); });
  });
  add("empty", !any);
  add("curves-section", any);
  add("gains", tables.contains("gains"));
  add("labels", tables.contains("labels"));
  add("picks", !data["picks"].is_null());
  add("reflection", any && !data["reflection"].empty());
  add("wins", tables.contains("wins"));
  add("classes", any && !data["classes"].empty() && has_classes);
  add("slices", tables.contains("slices"));
  add("calibration", any && has_reliability(grid));
  add("batches", any);
  add("timings", tables.contains("timings"));
  add("settings", tables.contains("settings") || tables.contains("facts"));
  return ids;
}

}  // namespace

Json page_data(const Analysis& analysis, const ReportOptions& options,
               const std::vector<ReflectionSection>& reflection,
               std::vector<std::string>& warnings) {
  const Grid& grid = analysis.grid;
  const Records& records = grid.records();
  Json data;
  const Conclusion conclusion = conclude(analysis, options.prices);
  data["conclusion"] = {
      {"text", conclusion.text}, {"shown", conclusion.shown}, {"details", conclusion.details}};
  data["summary"] = grid.strategies().empty() ? "" : run_summary(analysis);
  data["tiles"] = page_tiles(analysis);
  data["warnings"] = check_run(analysis);
  data["reflection"] = Json::array();
  for (const ReflectionSection& section : reflection) {
    data["reflection"].push_back({{"title", section.title}, {"sentences", section.sentences}});
  }
  data["tables"] = page_tables(analysis, options.prices);
  data["labels_note"] = labels_note(analysis, options.prices);
  data["picks"] = page_picks(analysis, options, warnings);
  add_strategies(grid, data);
  data["budgets"] = Json::array();
  for (std::size_t b = 0; b < grid.budgets().size(); ++b) {
    data["budgets"].push_back({{"fraction", grid.budgets()[b]},
                               {"labels", grid.labels(b)},
                               {"percent", percent(grid.budgets()[b])}});
  }
  data["seeds"] = grid.seeds();
  data["random"] = grid.random() ? Json(*grid.random()) : Json();
  data["shown"] = main_strategies(grid);
  data["full_accuracy"] = number(analysis.full_accuracy);
  data["headline"] = grid.headline();
  data["by_class"] = grid.task().by_class.label;
  data["shown_metrics"] = Json::array();
  const auto add_metric = [&](const ShownMetric& shown) {
    data["shown_metrics"].push_back(
        {{"name", shown.metric}, {"label", shown.label}, {"unit", shown.unit}});
  };
  add_metric(grid.task().headline);
  for (const ShownMetric& shown : grid.task().others) add_metric(shown);
  data["classes"] = records.class_names;
  data["pool_class_counts"] = records.pool_class_counts;
  data["pool_class_counts"].get_ref<Json::array_t&>().resize(records.class_names.size(), 0);
  data["metrics"] = Json::object();
  for (const std::string& name : metric_names(records)) data["metrics"][name] = cube(grid, name);
  data["timings"] = Json::array();
  for (const Cost& cost : costs_at_scale(grid)) {
    data["timings"].push_back({{"strategy", cost.strategy},
                               {"train", number(cost.train)},
                               {"score", number(cost.score)},
                               {"select", number(cost.select)}});
  }
  data["sections"] = sections(analysis, data);
  return data;
}

}  // namespace goldpan::report
