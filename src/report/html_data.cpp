#include <cmath>

#include <nlohmann/json.hpp>

#include "report/figures.hpp"
#include "report/html.hpp"
#include "report/styles.hpp"
#include "report/summaries.hpp"

namespace goldpan::report {
namespace {

using Json = nlohmann::json;

Json number(double value, double precision = 1e6) {
  if (!std::isfinite(value)) return nullptr;
  return std::round(value * precision) / precision;
}

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

// Labels per class at a budget, mean over seeds; empty where it is not known.
Json class_counts(const Grid& grid, std::size_t strategy, std::size_t budget) {
  std::vector<double> sums;
  double rounds = 0;
  for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
    const RoundRecord* round = grid.at(strategy, budget, seed);
    if (round == nullptr || round->class_counts().empty()) continue;
    sums.resize(std::max(sums.size(), round->class_counts().size()), 0.0);
    for (std::size_t c = 0; c < round->class_counts().size(); ++c) {
      sums[c] += static_cast<double>(round->class_counts()[c]);
    }
    ++rounds;
  }
  Json list = Json::array();
  for (const double sum : sums) list.push_back(number(sum / rounds, 10));
  return list;
}

}  // namespace

std::string page_data(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  const Records& records = grid.records();
  Json data;
  const std::vector<Style> styles = styles_of(grid.strategies());
  data["strategies"] = Json::array();
  data["reliability"] = Json::array();
  data["class_counts"] = Json::array();
  for (std::size_t s = 0; s < styles.size(); ++s) {
    data["strategies"].push_back({{"name", grid.strategies()[s]},
                                  {"label", styles[s].label},
                                  {"dash", styles[s].dash},
                                  {"marker", styles[s].marker},
                                  {"baseline", styles[s].baseline}});
    Json reliability = Json::array();
    Json counts = Json::array();
    for (std::size_t b = 0; b < grid.budgets().size(); ++b) {
      reliability.push_back(
          {{"before", bins(grid, s, b, false)}, {"after", bins(grid, s, b, true)}});
      counts.push_back(class_counts(grid, s, b));
    }
    data["reliability"].push_back(std::move(reliability));
    data["class_counts"].push_back(std::move(counts));
  }
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
  data["classes"] = records.class_names;
  data["pool_class_counts"] = records.pool_class_counts;
  data["pool_class_counts"].get_ref<Json::array_t&>().resize(records.class_names.size(), 0);
  for (const std::string& name : metric_names(records)) data["metrics"][name] = cube(grid, name);
  data["timings"] = Json::array();
  for (const Cost& cost : costs_at_scale(grid)) {
    data["timings"].push_back({{"strategy", cost.strategy},
                               {"train", number(cost.train)},
                               {"score", number(cost.score)},
                               {"select", number(cost.select)}});
  }
  // Names of classes come from files: bytes that are no UTF-8 are replaced, and no "</script>" gets
  // through.
  std::string text = data.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at)) {
    text.replace(at, 1, "\\u003c");
  }
  return text;
}

}  // namespace goldpan::report
