#include "report/tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <span>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/csv.hpp"
#include "report/dictionary.hpp"
#include "report/slice_gains.hpp"
#include "report/summaries.hpp"

namespace goldpan::report {
namespace {

std::string learning_curves(const Grid& grid) {
  CsvTable table(header_of("learning_curves.csv", grid.task()));
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      const std::vector<double> headline = grid.values(strategy, budget, grid.headline());
      if (headline.empty()) continue;
      table.text(grid.strategies()[strategy]).exact(grid.budgets()[budget]);
      table.integer(grid.labels(budget)).integer(headline.size());
      table.number(mean(headline), 6).number(standard_deviation(headline), 6);
      table.number(*std::min_element(headline.begin(), headline.end()), 6);
      table.number(*std::max_element(headline.begin(), headline.end()), 6);
      for (const ShownMetric& shown : grid.task().others) {
        const std::vector<double> values = grid.values(strategy, budget, shown.metric);
        table.number(mean(values), 6).number(standard_deviation(values), 6);
      }
      table.end_row();
    }
  }
  return table.str();
}

// Starts a row with the columns that name a round.
CsvTable& round_key(CsvTable& table, const RoundRecord& round) {
  return table.text(round.strategy).integer(round.seed).integer(round.round).exact(round.budget);
}

std::string rounds(const Grid& grid) {
  CsvTable table(header_of("rounds.csv", grid.task()));
  for (const RoundRecord& round : grid.records().rounds) {
    round_key(table, round).integer(round.labeled).number(round.value(grid.headline()), 6);
    for (const ShownMetric& shown : grid.task().others) table.number(round.value(shown.metric), 6);
    for (const char* const metric : {"temperature", "ece_before", "ece_after"}) {
      if (grid.task().has_calibration) table.number(round.value(metric), 6);
    }
    table.end_row();
  }
  return table.str();
}

std::string metrics(const Records& records) {
  CsvTable table(header_of("metrics.csv"));
  for (const RoundRecord& round : records.rounds) {
    for (const Metric& metric : round.metrics.rows()) {
      if (metric.name.ends_with("_seconds")) continue;
      const auto cls = static_cast<std::size_t>(metric.cls);
      round_key(table, round).integer(round.labeled).text(metric.slice);
      table.text(metric.cls == kAllClasses          ? "all"
                 : cls < records.class_names.size() ? records.class_names[cls]
                                                    : fmt::format("{}", cls));
      table.text(metric.name).exact(metric.value);
      table.end_row();
    }
  }
  return table.str();
}

// The columns that every comparison with random has, the first ones as DESIGN.md names them.
void comparison_columns(CsvTable& table, const Comparison& comparison) {
  const PairedTest& test = comparison.test;
  table.number(test.mean, 4).number(test.std, 4).number(test.ci_low, 4).number(test.ci_high, 4);
  table.p_value(test.p_value).integer(test.n).text(comparison.verdict);
  table.p_value(comparison.p_holm).p_value(test.p_wilcoxon);
  comparison.seeds_needed > 0 ? table.integer(comparison.seeds_needed) : table.empty();
  table.number(test.std_error, 4).number(test.std_error_items, 4).number(test.degrees, 1);
  table.number(comparison.ci_all_low, 4).number(comparison.ci_all_high, 4);
}

std::string gains_table(const Analysis& analysis) {
  CsvTable table(header_of("budget_gains.csv"));
  for (const Gain& gain : analysis.gains) {
    table.text(analysis.grid.strategies()[gain.strategy]);
    table.exact(analysis.grid.budgets()[gain.budget]);
    comparison_columns(table, gain);
    table.integer(analysis.grid.labels(gain.budget));
    table.end_row();
  }
  return table.str();
}

std::string bands_table(const Analysis& analysis) {
  CsvTable table(header_of("budget_bands.csv"));
  for (const BandGain& gain : analysis.bands) {
    std::vector<double> budgets;
    for (const std::size_t budget : gain.budgets)
      budgets.push_back(analysis.grid.budgets()[budget]);
    table.text(gain.band).text(fmt::format("{}", fmt::join(budgets, " ")));
    table.text(analysis.grid.strategies()[gain.strategy]);
    comparison_columns(table, gain);
    table.end_row();
  }
  return table.str();
}

std::string area_table(const Analysis& analysis) {
  CsvTable table(header_of("area_under_curve.csv"));
  for (std::size_t strategy = 0; strategy < analysis.areas.size(); ++strategy) {
    const Area& area = analysis.areas[strategy];
    if (area.log_area.empty()) continue;
    table.text(analysis.grid.strategies()[strategy]);
    table.number(mean(area.log_area), 6).number(standard_deviation(area.log_area), 6);
    table.number(mean(area.linear_area), 6).number(standard_deviation(area.linear_area), 6);
    if (area.against_random.test.n > 0) {
      comparison_columns(table, area.against_random);
    } else {
      for (int column = 0; column < 5; ++column) table.empty();
      table.integer(area.log_area.size());
      for (int column = 0; column < 9; ++column) table.empty();
    }
    table.end_row();
  }
  return table.str();
}

std::string wins_table(const Analysis& analysis) {
  CsvTable table(header_of("pairwise_wins.csv"));
  for (const Wins& wins : analysis.wins) {
    table.text(analysis.grid.strategies()[wins.winner]);
    table.text(analysis.grid.strategies()[wins.loser]);
    table.integer(wins.wins).integer(wins.budgets);
    table.number(wins.budgets > 0 ? static_cast<double>(wins.wins) / wins.budgets : kNan, 4);
    table.end_row();
  }
  return table.str();
}

std::string match_table(const Analysis& analysis, const LabelPrices& prices) {
  CsvTable table(header_of("labels_to_match.csv"));
  for (const LabelsToMatch& match : analysis.matches) {
    const double pool = match.labels + match.saved;
    table.text(analysis.grid.strategies()[match.strategy]).exact(match.target);
    table.number(match.target_accuracy, 6).number(match.labels, 0);
    table.number(match.labels / pool, 4);
    std::isnan(match.labels) ? table.empty() : table.text(match.at_most ? "yes" : "no");
    table.number(match.labels_low, 0).number(match.labels_high, 0);
    table.number(match.saved, 0).number(match.saved_over_random, 0);
    table.number(match.saved * prices.image, 2);
    table.number(match.saved_over_random * prices.image, 2);
    table.number(match.saved_share, 4);
    table.number(match.saved_share_low, 4).number(match.saved_share_high, 4);
    table.p_value(match.test.n > 0 ? match.test.p_value : kNan).p_value(match.p_holm);
    match.test.n > 0 ? table.integer(match.test.n) : table.empty();
    table.text(match.verdict);
    table.end_row();
  }
  return table.str();
}

std::string class_counts(const Grid& grid) {
  const Records& records = grid.records();
  CsvTable table(header_of("class_counts.csv", grid.task()));
  double pool = 0;
  for (const std::uint64_t count : records.pool_class_counts) pool += static_cast<double>(count);
  for (const RoundRecord& round : records.rounds) {
    double total = 0;
    const std::vector<std::uint64_t> counts = round.class_counts();
    const std::vector<double> recall = round.metrics.by_class(grid.task().by_class.metric);
    for (const std::uint64_t count : counts) total += static_cast<double>(count);
    for (std::size_t c = 0; c < counts.size(); ++c) {
      const auto count = static_cast<double>(counts[c]);
      round_key(table, round);
      table.text(c < records.class_names.size() ? records.class_names[c] : fmt::format("{}", c));
      table.integer(counts[c]).number(total > 0 ? count / total : kNan, 6);
      const bool known = c < records.pool_class_counts.size() && pool > 0;
      table.number(known ? static_cast<double>(records.pool_class_counts[c]) / pool : kNan, 6);
      table.number(c < recall.size() ? recall[c] : kNan, 6);
      table.end_row();
    }
  }
  return table.str();
}

// Picks of one batch by reason, in the order of the enumeration.
using ReasonCounts = std::array<std::uint64_t, 4>;
using RoundKey = std::tuple<std::string, std::uint64_t, std::size_t>;

std::string batches(const Records& records, std::span<const PickRecord> picks) {
  std::map<RoundKey, ReasonCounts> reasons;
  const PickRecord* last = nullptr;
  ReasonCounts* counts = nullptr;
  for (const PickRecord& pick : picks) {
    // Picks come batch by batch: there is one look-up a batch, not one a pick.
    if (last == nullptr || last->round != pick.round || last->seed != pick.seed ||
        last->strategy != pick.strategy) {
      counts = &reasons[{pick.strategy, pick.seed, pick.round}];
    }
    ++counts->at(static_cast<std::size_t>(pick.reason));
    last = &pick;
  }
  CsvTable table(header_of("batches.csv"));
  const RoundRecord* before = nullptr;
  for (const RoundRecord& round : records.rounds) {
    const bool first =
        before == nullptr || before->strategy != round.strategy || before->seed != round.seed;
    const std::size_t bought = first ? 0 : before->labeled;
    before = &round;
    round_key(table, round);
    round.labeled >= bought ? table.integer(round.labeled - bought) : table.empty();
    table.number(round.value("redundancy"), 6)
        .number(round.value("redundancy_labeled"), 6)
        .number(round.value("drift"), 6);
    const auto found = reasons.find({round.strategy, round.seed, round.round});
    for (std::size_t reason = 0; reason < ReasonCounts{}.size(); ++reason) {
      found == reasons.end() ? table.empty() : table.integer(found->second[reason]);
    }
    table.text(fmt::format("{}", fmt::join(round.notes, "; ")));
    table.end_row();
  }
  return table.str();
}

std::string calibration(const Grid& grid) {
  CsvTable table(header_of("calibration.csv"));
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      const std::vector<double> temperature = grid.values(strategy, budget, "temperature");
      if (temperature.empty()) continue;
      table.text(grid.strategies()[strategy]).exact(grid.budgets()[budget]);
      table.integer(grid.labels(budget)).integer(temperature.size());
      for (const char* const field : {"temperature", "ece_before", "ece_after"}) {
        const std::vector<double> values = grid.values(strategy, budget, field);
        table.number(mean(values), 6).number(standard_deviation(values), 6);
      }
      table.end_row();
    }
  }
  return table.str();
}

std::string reliability(const Records& records) {
  CsvTable table(header_of("reliability.csv"));
  for (const RoundRecord& round : records.rounds) {
    for (const bool after : {false, true}) {
      const auto& bins = after ? round.reliability_after : round.reliability_before;
      for (std::size_t bin = 0; bin < bins.size(); ++bin) {
        round_key(table, round).text(after ? "after" : "before").integer(bin);
        table.integer(bins[bin].count).number(bins[bin].confidence, 6);
        table.number(bins[bin].accuracy, 6);
        table.end_row();
      }
    }
  }
  return table.str();
}

std::string batch_summary(const Analysis& analysis) {
  CsvTable table(header_of("batch_summary.csv"));
  const Grid& grid = analysis.grid;
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      const BatchSummary summary = summarize_batches(grid, strategy, budget);
      if (summary.seeds == 0) continue;
      table.text(grid.strategies()[strategy]).exact(grid.budgets()[budget]);
      table.integer(grid.labels(budget)).integer(summary.seeds);
      for (const MeanStd& value :
           {summary.redundancy, summary.redundancy_labeled, summary.drift, summary.imbalance}) {
        table.number(value.mean, 6).number(value.std, 6);
      }
      table.number(summary.classes_without_labels, 0);
      table.end_row();
    }
  }
  return table.str();
}

std::string timings_at_scale(const Grid& grid) {
  CsvTable table(header_of("timings_at_scale.csv"));
  for (const Cost& cost : costs_at_scale(grid)) {
    table.text(grid.strategies()[cost.strategy]).integer(cost.seeds);
    table.number(cost.train, 3).number(cost.score, 3).number(cost.select, 3);
    table.number(cost.total(), 3).exact(cost.power);
    table.number(cost.scaled(10), 1).number(cost.scaled(100), 1);
    table.number(cost.scaled_same_labels(10), 1).number(cost.scaled_same_labels(100), 1);
    table.end_row();
  }
  return table.str();
}

std::string timings(const Records& records) {
  CsvTable table(header_of("timings.csv"));
  for (const RoundRecord& round : records.rounds) {
    round_key(table, round).integer(round.labeled).number(round.value("train_seconds"), 4);
    table.number(round.value("score_seconds"), 4).number(round.value("select_seconds"), 4);
    table.end_row();
  }
  return table.str();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> make_tables(const Analysis& analysis,
                                                             const ReportOptions& options) {
  const Records& records = analysis.grid.records();
  std::vector<std::pair<std::string, std::string>> tables = {
      {"learning_curves.csv", learning_curves(analysis.grid)},
      {"rounds.csv", rounds(analysis.grid)},
      {"metrics.csv", metrics(records)},
      {"budget_gains.csv", gains_table(analysis)},
      {"budget_bands.csv", bands_table(analysis)},
      {"area_under_curve.csv", area_table(analysis)},
      {"pairwise_wins.csv", wins_table(analysis)},
      {"labels_to_match.csv", match_table(analysis, options.prices)},
      {"class_counts.csv", class_counts(analysis.grid)},
      {"batches.csv", batches(records, options.picks)},
      {"batch_summary.csv", batch_summary(analysis)},
      {"calibration.csv", calibration(analysis.grid)},
      {"reliability.csv", reliability(records)},
      {"timings.csv", timings(records)},
      {"timings_at_scale.csv", timings_at_scale(analysis.grid)}};
  if (SliceStudy::mined(analysis)) {
    tables.emplace_back("slice_gains.csv", slice_gains_table(SliceStudy(analysis)));
  }
  return tables;
}

}  // namespace goldpan::report
