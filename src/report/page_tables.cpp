#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "report/csv.hpp"
#include "report/page.hpp"
#include "report/reflection_phrases.hpp"
#include "report/styles.hpp"
#include "report/summaries.hpp"

// Tables as the page's script draws them (assets/tables.js): a cell is a text or {t: text, s: small
// text, c: class, h: hint, v: number to sort by}.
namespace goldpan::report {
namespace {

Json column(std::string text, std::string small = "") {
  return {{"t", std::move(text)}, {"s", std::move(small)}};
}

Json value_cell(double value, std::string text, std::string small = "") {
  return {{"t", std::move(text)}, {"s", std::move(small)}, {"v", number(value, 1e9)}};
}

// "0.022" or "< 0.001".
std::string p_text(double p_value) {
  if (std::isnan(p_value)) return "";
  const std::string text = describe_p(p_value);
  return text.substr(text.find(text.starts_with("p = ") ? '=' : '<') +
                     (text.starts_with("p = ") ? 2 : 0));
}

Json strategy_row(std::size_t strategy, Json cells) {
  return {{"strategy", strategy}, {"cells", std::move(cells)}};
}

std::string class_of(const std::string& verdict) {
  if (verdict == "better" || verdict == "fewer") return "better";
  return verdict == "worse" || verdict == "more" ? "worse" : "plain";
}

Json gain_cell(const Comparison& gain) {
  std::string hint = gain.verdict;
  if (!std::isnan(gain.p_holm)) {
    hint += fmt::format("; 95 % interval {} to {}; corrected {}; Wilcoxon {}",
                        signed_fixed(gain.test.ci_low, 2), signed_fixed(gain.test.ci_high, 2),
                        describe_p(gain.p_holm), describe_p(gain.test.p_wilcoxon));
    if (gain.seeds_needed > 0) hint += fmt::format("; seeds needed: {}", gain.seeds_needed);
  }
  const std::string shape = gain.verdict == "better" ? "▲ " : gain.verdict == "worse" ? "▼ " : "";
  Json cell = value_cell(gain.test.mean, shape + signed_fixed(gain.test.mean, 2),
                         gain.test.n > 1 ? "± " + fixed(gain.test.std, 2) : "");
  cell["c"] = class_of(gain.verdict);
  cell["h"] = hint;
  return cell;
}

Json budget_columns(const Grid& grid) {
  Json columns = Json::array({column("strategy")});
  for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
    columns.push_back(column(percent(grid.budgets()[budget]),
                             thousands(static_cast<double>(grid.labels(budget))) + " labels"));
  }
  return columns;
}

Json gains_table(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  Json columns = budget_columns(grid);
  columns.push_back(column("area", "under the curve"));
  Json rows = Json::array();
  if (grid.random()) {
    Json cells = Json::array();
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      const auto values = grid.values(*grid.random(), budget, grid.headline());
      cells.push_back(values.empty() ? Json("")
                                     : Json{{"t", fixed(100 * mean(values), 2) + " %"},
                                            {"s", grid.task().headline.label}});
    }
    cells.push_back("");
    rows.push_back(strategy_row(*grid.random(), std::move(cells)));
  }
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    if (strategy == grid.random()) continue;
    Json cells = Json::array();
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      const Gain* gain = analysis.gain(strategy, budget);
      cells.push_back(gain == nullptr ? Json("") : gain_cell(*gain));
    }
    const Comparison& area = analysis.areas[strategy].against_random;
    cells.push_back(area.test.n > 0 ? gain_cell(area) : Json(""));
    rows.push_back(strategy_row(strategy, std::move(cells)));
  }
  return {{"columns", std::move(columns)},
          {"rows", std::move(rows)},
          {"csv", {"budget_gains.csv", "area_under_curve.csv"}}};
}

Json statistics_row(const std::string& where, const Comparison& gain) {
  const auto p = [](double value) { return value_cell(value, p_text(value)); };
  const PairedTest& test = gain.test;
  Json cells = {Json{{"t", where}, {"c", "text"}},
                value_cell(test.mean, signed_fixed(test.mean, 3)),
                value_cell(test.std, fixed(test.std, 3)),
                value_cell(test.std_error, fixed(test.std_error, 3)),
                value_cell(test.std_error_items, fixed(test.std_error_items, 3)),
                std::isnan(test.ci_low)
                    ? std::string()
                    : signed_fixed(test.ci_low, 3) + " to " + signed_fixed(test.ci_high, 3),
                p(test.p_value),
                p(gain.p_holm),
                p(test.p_wilcoxon),
                fmt::format("{}", test.n),
                gain.seeds_needed > 0 ? fmt::format("{}", gain.seeds_needed) : std::string(),
                Json{{"t", gain.verdict}, {"c", "text"}}};
  return strategy_row(gain.strategy, std::move(cells));
}

Json statistics_table(const Analysis& analysis) {
  Json columns = {column("strategy"),       column("where"),
                  column("gain", "points"), column("std", "over seeds"),
                  column("std error"),      column("of it the test set's"),
                  column("95 % interval"),  column("p"),
                  column("p corrected"),    column("p Wilcoxon"),
                  column("seeds"),          column("seeds needed"),
                  column("verdict")};
  Json rows = Json::array();
  for (const Gain& gain : analysis.gains) {
    rows.push_back(statistics_row(percent(analysis.grid.budgets()[gain.budget]), gain));
  }
  for (const BandGain& gain : analysis.bands) {
    rows.push_back(statistics_row(gain.band + " budgets", gain));
  }
  for (const Area& area : analysis.areas) {
    if (area.against_random.test.n == 0) continue;
    rows.push_back(statistics_row("area under the curve", area.against_random));
  }
  return {
      {"columns", std::move(columns)},
      {"rows", std::move(rows)},
      {"caption",
       "Paired over seeds and test items; p corrected by Holm's method over strategies; Wilcoxon's "
       "signed-rank test is over seeds alone (exact). The test set's own error stays however many "
       "seeds there are. Seeds needed: for power 0.8 at the effect and spread seen."},
      {"csv", {"budget_gains.csv", "budget_bands.csv", "area_under_curve.csv"}}};
}

Json match_row(const Analysis& analysis, const LabelsToMatch& match, const LabelPrices& prices) {
  if (std::isnan(match.labels)) {
    return strategy_row(match.strategy, {Json{{"t", "not reached"}, {"c", "plain"}}});
  }
  const std::string spread =
      std::isnan(match.labels_low)
          ? ""
          : fmt::format("({} to {})", thousands(match.labels_low), thousands(match.labels_high));
  Json cells = {
      value_cell(match.labels, (match.at_most ? "≤ " : "") + thousands(match.labels), spread)};
  if (match.strategy != analysis.grid.random() && !std::isnan(match.saved_over_random)) {
    Json share = value_cell(match.saved_share, fixed(100 * match.saved_share, 1) + " %",
                            std::isnan(match.saved_share_low)
                                ? ""
                                : fmt::format("{} to {} %", fixed(100 * match.saved_share_low, 1),
                                              fixed(100 * match.saved_share_high, 1)));
    share["c"] = class_of(match.verdict);
    cells.push_back(value_cell(match.saved_over_random, thousands(match.saved_over_random)));
    cells.push_back(std::move(share));
    cells.push_back(
        value_cell(match.saved_over_random * prices.image,
                   thousands(match.saved_over_random * prices.image) + " " + prices.currency));
    cells.push_back(value_cell(match.p_holm, p_text(match.p_holm)));
    cells.push_back(Json{{"t", match.verdict}, {"c", "text " + class_of(match.verdict)}});
  } else {
    for (int i = 0; i < 5; ++i) cells.push_back("");
  }
  cells.push_back(value_cell(match.saved, thousands(match.saved)));
  return strategy_row(match.strategy, std::move(cells));
}

Json labels_table(const Analysis& analysis, const LabelPrices& prices) {
  Json columns = {column("strategy"),
                  column("labels", "(over seeds)"),
                  column("fewer than random", "labels"),
                  column("share", "95 %, all at once"),
                  column("money", "against random"),
                  column("p corrected"),
                  column("verdict"),
                  column("fewer than all", "no strategy's merit")};
  Json rows = Json::array();
  // A group of rows for each target, so that strategies stand under each other.
  double target = kNan;
  std::vector<LabelsToMatch> ordered = analysis.matches;
  std::ranges::stable_sort(ordered, {}, &LabelsToMatch::target);
  for (const LabelsToMatch& match : ordered) {
    if (match.target != target) {
      target = match.target;
      rows.push_back({{"group", fmt::format("{} of the full {}: {} %", percent(target),
                                            analysis.grid.task().headline.label,
                                            fixed(100 * match.target_accuracy, 1))}});
    }
    rows.push_back(match_row(analysis, match, prices));
  }
  return {
      {"columns", std::move(columns)}, {"rows", std::move(rows)}, {"csv", {"labels_to_match.csv"}}};
}

Json wins_table(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  const std::size_t count = grid.strategies().size();
  Json columns = {column("wins of … over")};
  for (std::size_t s = 0; s < count; ++s) columns.push_back(column(name_of(grid, s)));
  Json rows = Json::array();
  std::vector<double> lost(count, 0.0);
  for (std::size_t winner = 0; winner < count; ++winner) {
    Json cells(count, "");
    for (const Wins& wins : analysis.wins) {
      if (wins.winner != winner) continue;
      Json cell = value_cell(static_cast<double>(wins.wins),
                             fmt::format("{} of {}", wins.wins, wins.budgets));
      cell["c"] = wins.wins > 0 ? "better" : "plain";
      cells[wins.loser] = std::move(cell);
      if (wins.budgets > 0) {
        lost[wins.loser] += static_cast<double>(wins.wins) / static_cast<double>(wins.budgets);
      }
    }
    rows.push_back(strategy_row(winner, std::move(cells)));
  }
  Json cells = Json::array();
  for (const double sum : lost) {
    cells.push_back(fixed(sum / static_cast<double>(std::max<std::size_t>(1, count - 1)), 2));
  }
  rows.push_back({{"head", "mean share lost"}, {"cells", std::move(cells)}, {"fixed", true}});
  return {
      {"columns", std::move(columns)}, {"rows", std::move(rows)}, {"csv", {"pairwise_wins.csv"}}};
}

Json timings_table(const std::vector<Cost>& costs) {
  Json columns = {column("strategy"),
                  column("training", "seconds"),
                  column("scoring", "seconds"),
                  column("selecting", "seconds"),
                  column("power"),
                  column("pool × 10"),
                  column("pool × 100"),
                  column("× 10", "same labels"),
                  column("× 100", "same labels")};
  Json rows = Json::array();
  for (const Cost& cost : costs) {
    Json cells = Json::array();
    for (const double seconds : {cost.train, cost.score, cost.select}) {
      cells.push_back(value_cell(seconds, fixed(seconds, 2)));
    }
    cells.push_back(fmt::format("{}", cost.power));
    for (const double seconds : {cost.scaled(10), cost.scaled(100), cost.scaled_same_labels(10),
                                 cost.scaled_same_labels(100)}) {
      cells.push_back(value_cell(seconds, describe_seconds(seconds)));
    }
    rows.push_back(strategy_row(cost.strategy, std::move(cells)));
  }
  return {{"columns", std::move(columns)},
          {"rows", std::move(rows)},
          {"csv", {"timings.csv", "timings_at_scale.csv"}}};
}

Json slices_table(const Grid& grid) {
  std::set<std::string> slices;
  for (const RoundRecord& round : grid.records().rounds) {
    for (const Metric& metric : round.metrics.rows()) {
      if (metric.slice != "all" && metric.name == grid.headline()) slices.insert(metric.slice);
    }
  }
  if (slices.empty()) return nullptr;
  Json rows = Json::array();
  for (const std::string& slice : slices) {
    rows.push_back({{"group", slice}});
    for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
      Json cells = Json::array();
      for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
        std::vector<double> values;
        for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
          const RoundRecord* round = grid.at(strategy, budget, seed);
          if (round == nullptr) continue;
          const double value = round->metrics.value(grid.headline(), kAllClasses, slice);
          if (std::isfinite(value)) values.push_back(value);
        }
        cells.push_back(values.empty()
                            ? Json("")
                            : value_cell(mean(values), fixed(100 * mean(values), 1) + " %"));
      }
      rows.push_back(strategy_row(strategy, std::move(cells)));
    }
  }
  return {{"columns", budget_columns(grid)}, {"rows", std::move(rows)}, {"csv", {"metrics.csv"}}};
}

Json pair_table(const char* caption,
                const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json rows = Json::array();
  for (const auto& [name, value] : pairs) {
    rows.push_back({{"head", name}, {"cells", {Json{{"t", value}, {"c", "settings"}}}}});
  }
  return {{"columns", Json::array()}, {"rows", std::move(rows)}, {"caption", caption}};
}

}  // namespace

std::string labels_note(const Analysis& analysis, const LabelPrices& prices) {
  if (analysis.matches.empty()) return "";
  const std::string_view label = analysis.grid.task().headline.label;
  return fmt::format(
      "Labels that a strategy needs for a share of the {} with all labels ({} %), read off "
      "its curve made monotone; in brackets fewest and most over the seeds. The comparison is with "
      "random at the same {}, tested as the gains are and corrected by Holm's method over "
      "the "
      "strategies at a target; its intervals hold for all strategies at once. The last column is "
      "against labelling everything, which random saves too. Money at {} {} an image label.",
      label, fixed(100 * analysis.full_accuracy, 1), label, fixed(prices.image, 2),
      prices.currency);
}

Json page_tables(const Analysis& analysis, const LabelPrices& prices) {
  const Grid& grid = analysis.grid;
  Json tables = Json::object();
  if (!analysis.gains.empty()) {
    tables["gains"] = gains_table(analysis);
    tables["statistics"] = statistics_table(analysis);
  }
  if (!analysis.matches.empty()) tables["labels"] = labels_table(analysis, prices);
  if (!analysis.wins.empty() && analysis.wins.front().budgets > 0) {
    tables["wins"] = wins_table(analysis);
  }
  const std::vector<Cost> costs = costs_at_scale(grid);
  if (!costs.empty()) tables["timings"] = timings_table(costs);
  if (Json slices = slices_table(grid); !slices.is_null()) tables["slices"] = std::move(slices);
  const Records& records = grid.records();
  if (!records.settings.empty()) {
    tables["settings"] = pair_table("Settings, as in config.toml", records.settings);
  }
  if (!records.facts.empty()) tables["facts"] = pair_table("Facts about the run", records.facts);
  return tables;
}

}  // namespace goldpan::report
