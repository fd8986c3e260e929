#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/csv.hpp"
#include "report/html.hpp"
#include "report/reflection_phrases.hpp"
#include "report/styles.hpp"
#include "report/summaries.hpp"
#include "report/tables.hpp"

namespace goldpan::report {
namespace {

std::string budget_headers(const Grid& grid) {
  std::string text;
  for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
    text +=
        fmt::format("<th scope=\"col\">{}<small>{}</small></th>", percent(grid.budgets()[budget]),
                    thousands(static_cast<double>(grid.labels(budget))));
  }
  return text;
}

std::string gain_cell(const Comparison& gain) {
  const bool better = gain.verdict == "better";
  const bool worse = gain.verdict == "worse";
  std::string hint = gain.verdict;
  if (!std::isnan(gain.p_holm)) {
    hint += fmt::format("; 95 % interval {} to {}; corrected {}; Wilcoxon {}",
                        signed_fixed(gain.test.ci_low, 2), signed_fixed(gain.test.ci_high, 2),
                        describe_p(gain.p_holm), describe_p(gain.test.p_wilcoxon));
    if (gain.seeds_needed > 0) hint += fmt::format("; seeds needed: {}", gain.seeds_needed);
  }
  const std::string spread =
      gain.test.n > 1 ? "<small>± " + fixed(gain.test.std, 2) + "</small>" : "";
  return fmt::format("<td class=\"{}\" title=\"{}\">{}{}{}</td>",
                     better  ? "better"
                     : worse ? "worse"
                             : "plain",
                     escaped(hint),
                     better  ? "▲ "
                     : worse ? "▼ "
                             : "",
                     signed_fixed(gain.test.mean, 2), spread);
}

std::string statistics_row(const std::string& header, const std::string& where,
                           const Comparison& gain) {
  const auto p = [](double value) { return std::isnan(value) ? "" : describe_p(value).substr(2); };
  return fmt::format(
      "<tr>{}<td class=\"text\">{}</td><td>{}</td><td>{}</td><td>{} to "
      "{}</td><td>{}</td><td>{}</td>"
      "<td>{}</td><td>{}</td><td>{}</td><td class=\"text\">{}</td></tr>\n",
      header, where, signed_fixed(gain.test.mean, 3), fixed(gain.test.std, 3),
      signed_fixed(gain.test.ci_low, 3), signed_fixed(gain.test.ci_high, 3), p(gain.test.p_value),
      p(gain.p_holm), p(gain.test.p_wilcoxon), gain.test.n,
      gain.seeds_needed > 0 ? fmt::format("{}", gain.seeds_needed) : "", gain.verdict);
}

std::string all_statistics(const Analysis& analysis) {
  std::string text =
      "<details><summary>All statistics</summary>\n<div class=\"scroll\"><table>\n"
      "<caption>Paired over seeds; p of the t-test, Holm-corrected over strategies, and of "
      "Wilcoxon's "
      "signed-rank test (exact). Seeds needed: for power 0.8 at the effect and spread "
      "seen.</caption>\n"
      "<thead><tr><th scope=\"col\">strategy</th><th scope=\"col\">where</th>"
      "<th scope=\"col\">gain</th><th scope=\"col\">std</th><th scope=\"col\">95 % interval</th>"
      "<th scope=\"col\">p</th><th scope=\"col\">p corrected</th><th scope=\"col\">p Wilcoxon</th>"
      "<th scope=\"col\">seeds</th><th scope=\"col\">seeds needed</th><th "
      "scope=\"col\">verdict</th>"
      "</tr></thead>\n<tbody>\n";
  for (const Gain& gain : analysis.gains) {
    text += statistics_row(strategy_header(analysis, gain.strategy),
                           percent(analysis.grid.budgets()[gain.budget]), gain);
  }
  for (const BandGain& gain : analysis.bands) {
    text += statistics_row(strategy_header(analysis, gain.strategy), gain.band + " budgets", gain);
  }
  for (const Area& area : analysis.areas) {
    if (area.against_random.test.n == 0) continue;
    text += statistics_row(strategy_header(analysis, area.against_random.strategy),
                           "area under the curve", area.against_random);
  }
  return text + "</tbody></table></div></details>\n";
}

std::string match_row(const Analysis& analysis, const LabelsToMatch& match,
                      const LabelPrices& prices, double boxes) {
  std::string text = "<tr>" + strategy_header(analysis, match.strategy);
  if (std::isnan(match.labels)) return text + "<td class=\"plain\">not reached</td></tr>\n";
  const auto usd = [](double money) { return thousands(money) + " USD"; };
  const auto range = [&](double low, double high) {
    const double saved = match.saved * boxes;
    return fmt::format("<td>{} to {}</td>", thousands(saved * low), usd(saved * high));
  };
  const std::string spread =
      std::isnan(match.labels_low)
          ? ""
          : fmt::format("<small>({} to {})</small>", thousands(match.labels_low),
                        thousands(match.labels_high));
  text += fmt::format("<td>{}{}{}</td><td>{}</td><td>{}</td>", match.at_most ? "≤ " : "",
                      thousands(match.labels), spread, thousands(match.saved),
                      usd(match.saved * prices.image));
  const bool against_random =
      !std::isnan(match.saved_over_random) && match.strategy != analysis.grid.random();
  text += against_random ? fmt::format("<td>{}</td><td>{}</td>", thousands(match.saved_over_random),
                                       usd(match.saved_over_random * prices.image))
                         : "<td></td><td></td>";
  if (boxes > 0) {
    text += range(prices.box_low, prices.box_high) + range(prices.cuboid_low, prices.cuboid_high);
  }
  return text + "</tr>\n";
}

std::string pair_rows(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs) {
    text += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"settings\">{}</td></tr>\n",
                        escaped(name), escaped(value));
  }
  return text;
}

std::string pair_table(const std::string& caption,
                       const std::vector<std::pair<std::string, std::string>>& pairs) {
  if (pairs.empty()) return "";
  return fmt::format(
      "<div class=\"scroll\"><table><caption>{}</caption><tbody>\n{}</tbody></table></div>\n",
      caption, pair_rows(pairs));
}

}  // namespace

std::string strategy_header(const Analysis& analysis, std::size_t strategy) {
  return fmt::format(
      "<th scope=\"row\"><svg class=\"swatch\" width=\"12\" height=\"12\" aria-hidden=\"true\">"
      "<circle cx=\"6\" cy=\"6\" r=\"5\" fill=\"var(--s{})\"/></svg>{}</th>",
      strategy, escaped(name_of(analysis.grid, strategy)));
}

std::string gains_section(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  if (analysis.gains.empty()) return "";
  std::string text =
      "<section id=\"gains\"><h2>Gains over random</h2>\n"
      "<p>Percentage points of test accuracy over random at the same seed and budget, mean over "
      "seeds. "
      "▲ better and ▼ worse are shown at the 5 % level (paired t-test, Holm-corrected over the "
      "strategies at a budget); what is grey is not shown. At 100 % all strategies hold the same "
      "labels.</p>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">strategy</th>";
  text += budget_headers(grid) + "<th scope=\"col\">area<small>under the curve</small></th></tr>\n";
  text += "</thead><tbody>\n";
  if (grid.random()) {
    text += "<tr>" + strategy_header(analysis, *grid.random());
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      const auto values = grid.values(*grid.random(), budget, "accuracy");
      text += values.empty() ? "<td></td>"
                             : fmt::format("<td>{} %<small>accuracy</small></td>",
                                           fixed(100 * mean(values), 2));
    }
    text += "<td></td></tr>\n";
  }
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    if (strategy == grid.random()) continue;
    text += "<tr>" + strategy_header(analysis, strategy);
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      const Gain* gain = analysis.gain(strategy, budget);
      text += gain == nullptr ? "<td></td>" : gain_cell(*gain);
    }
    const Comparison& area = analysis.areas[strategy].against_random;
    text += (area.test.n > 0 ? gain_cell(area) : "<td></td>") + "</tr>\n";
  }
  text += "</tbody></table></div>\n";
  return text + all_statistics(analysis) + "</section>\n";
}

std::string labels_section(const Analysis& analysis, const LabelPrices& prices) {
  if (analysis.matches.empty()) return "";
  const double boxes = boxes_per_image(analysis.grid.records(), prices);
  std::string text = fmt::format(
      "<section id=\"labels\"><h2>Labels to match the full data</h2>\n"
      "<p>Labels that a strategy needs for a share of the accuracy with all labels ({} %), read "
      "off its "
      "curve made monotone; in brackets fewest and most over the seeds. Saved labels are against "
      "labelling the whole pool, and against random; money at {} USD an image-level label{}.</p>\n",
      fixed(100 * analysis.full_accuracy, 1), fixed(prices.image, 2),
      boxes > 0
          ? fmt::format(", {} to {} USD a box and {} to {} USD a cuboid at {} boxes an image",
                        fixed(prices.box_low, 2), fixed(prices.box_high, 2),
                        fixed(prices.cuboid_low, 2), fixed(prices.cuboid_high, 2), fixed(boxes, 1))
          : "");
  text +=
      "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">strategy</th>"
      "<th scope=\"col\">labels</th><th scope=\"col\">saved</th>"
      "<th scope=\"col\">money saved</th><th scope=\"col\">saved over random</th>"
      "<th scope=\"col\">money over random</th>";
  if (boxes > 0) text += "<th scope=\"col\">boxes saved</th><th scope=\"col\">cuboids saved</th>";
  text += "</tr></thead>\n";
  // A group of rows for each target, so that strategies stand under each other.
  double target = kNan;
  std::vector<LabelsToMatch> ordered = analysis.matches;
  std::ranges::stable_sort(ordered, {}, &LabelsToMatch::target);
  for (const LabelsToMatch& match : ordered) {
    if (match.target != target) {
      if (!std::isnan(target)) text += "</tbody>";
      target = match.target;
      text +=
          fmt::format("<tbody><tr><th scope=\"rowgroup\" colspan=\"{}\">{} of it: {} %</th></tr>\n",
                      boxes > 0 ? 8 : 6, percent(target), fixed(100 * match.target_accuracy, 1));
    }
    text += match_row(analysis, match, prices, boxes);
  }
  return text + "</tbody></table></div></section>\n";
}

std::string wins_section(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  if (analysis.wins.empty() || analysis.wins.front().budgets == 0) return "";
  std::string text =
      "<section id=\"wins\"><h2>Who beats whom</h2>\n"
      "<p>At how many budgets the strategy of the row beats that of the column by the paired "
      "t-test at "
      "the 5 % level, uncorrected, as in the penalty matrix of Ash et al. (2020). The last row is "
      "the mean "
      "share of budgets lost: lower is better.</p>\n<div class=\"scroll\"><table><thead><tr>"
      "<th scope=\"col\">wins of … over</th>";
  const std::size_t count = grid.strategies().size();
  for (std::size_t s = 0; s < count; ++s) {
    text += fmt::format("<th scope=\"col\">{}</th>", escaped(name_of(grid, s)));
  }
  text += "</tr></thead><tbody>\n";
  std::vector<double> lost(count, 0.0);
  for (std::size_t winner = 0; winner < count; ++winner) {
    text += "<tr>" + strategy_header(analysis, winner);
    for (std::size_t loser = 0; loser < count; ++loser) {
      if (winner == loser) {
        text += "<td></td>";
        continue;
      }
      for (const Wins& wins : analysis.wins) {
        if (wins.winner != winner || wins.loser != loser) continue;
        text += fmt::format("<td class=\"{}\">{} of {}</td>", wins.wins > 0 ? "better" : "plain",
                            wins.wins, wins.budgets);
        if (wins.budgets > 0) {
          lost[loser] += static_cast<double>(wins.wins) / static_cast<double>(wins.budgets);
        }
      }
    }
    text += "</tr>\n";
  }
  text += "<tr><th scope=\"row\">mean share lost</th>";
  for (const double sum : lost) {
    text += fmt::format("<td>{}</td>",
                        fixed(sum / static_cast<double>(std::max<std::size_t>(1, count - 1)), 2));
  }
  return text + "</tr>\n</tbody></table></div></section>\n";
}

std::string timings_section(const Analysis& analysis) {
  const std::vector<Cost> costs = costs_at_scale(analysis.grid);
  if (costs.empty()) return "";
  std::string text =
      "<section id=\"timings\"><h2>Time</h2>\n"
      "<p>Seconds of one seed's whole run, mean over seeds, and what the scaling law makes of "
      "them: "
      "selection grows with the power of the pool given here when budgets stay shares of it. "
      "Seconds "
      "are wall-clock, with runs side by side.</p>\n"
      "<figure class=\"chart\" id=\"timing-bars\"></figure>\n<div "
      "class=\"scroll\"><table><thead><tr>"
      "<th scope=\"col\">strategy</th><th scope=\"col\">training</th><th scope=\"col\">scoring</th>"
      "<th scope=\"col\">selecting</th><th scope=\"col\">power</th><th scope=\"col\">pool × 10</th>"
      "<th scope=\"col\">pool × 100</th><th scope=\"col\">× 10<small>same labels</small></th>"
      "<th scope=\"col\">× 100<small>same labels</small></th></tr></thead><tbody>\n";
  for (const Cost& cost : costs) {
    text += fmt::format(
        "<tr>{}<td>{} s</td><td>{} s</td><td>{} s</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td></tr>\n",
        strategy_header(analysis, cost.strategy), fixed(cost.train, 2), fixed(cost.score, 2),
        fixed(cost.select, 2), cost.power, describe_seconds(cost.scaled(10)),
        describe_seconds(cost.scaled(100)), describe_seconds(cost.scaled_same_labels(10)),
        describe_seconds(cost.scaled_same_labels(100)));
  }
  return text + "</tbody></table></div></section>\n";
}

std::string settings_section(const Analysis& analysis) {
  const Records& records = analysis.grid.records();
  if (records.settings.empty() && records.facts.empty()) return "";
  return "<section id=\"settings\"><h2>Settings and versions</h2>\n<details "
         "open><summary>Everything "
         "that the numbers depend on</summary>\n<div class=\"pair\">\n" +
         pair_table("Settings, as in config.toml", records.settings) +
         pair_table("Facts about the run", records.facts) + "</div></details></section>\n";
}

}  // namespace goldpan::report
