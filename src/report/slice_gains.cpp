#include "report/slice_gains.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "report/csv.hpp"
#include "report/dictionary.hpp"
#include "report/paired_comparison.hpp"
#include "report/reflection_phrases.hpp"

namespace goldpan::report {
namespace {

constexpr const char* kDistance = "mine_distance";

/// The places of the slice's items among the test items whose target is known.
std::vector<std::size_t> places_in(const std::string& text) {
  std::vector<std::size_t> places;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::size_t place = 0;
    const auto read = std::from_chars(at, end, place);
    if (read.ec != std::errc()) break;
    places.push_back(place);
    at = read.ptr == end ? end : read.ptr + 1;
  }
  return places;
}

/// The run's records as if the slice's items were the test set.
Records judged_on(const Grid& grid, const std::string& slice) {
  const Records& records = grid.records();
  Records on_slice = records;
  const std::vector<std::size_t> places = places_in(records.fact("mined_slice_places"));
  on_slice.test_size = places.size();
  for (RoundRecord& round : on_slice.rounds) {
    round.metrics.set(grid.headline(), round.metrics.value(grid.headline(), kAllClasses, slice));
    std::vector<bool> hits;
    for (const std::size_t place : places) {
      if (place < round.hits.size()) hits.push_back(round.hits[place]);
    }
    round.hits = std::move(hits);
  }
  return on_slice;
}

}  // namespace

bool SliceStudy::mined(const Analysis& analysis) {
  const Records& records = analysis.grid.records();
  const std::string slice = records.fact("mined_slice");
  return !slice.empty() && analysis.grid.random() &&
         std::ranges::any_of(records.rounds, [&](const RoundRecord& round) {
           return std::isfinite(round.metrics.value(analysis.grid.headline(), kAllClasses, slice));
         });
}

SliceStudy::SliceStudy(const Analysis& analysis)
    : slice_(analysis.grid.records().fact("mined_slice")),
      records_(std::make_unique<Records>(judged_on(analysis.grid, slice_))),
      whole_(&analysis.grid),
      on_slice_(std::make_unique<Grid>(*records_)),
      distance_(find_strategy_named(analysis.grid, kDistance)) {
  for (const bool on_slice : {true, false}) {
    compare(on_slice, *whole_->random());
    if (distance_) compare(on_slice, *distance_);
  }
  std::stable_partition(gains_.begin(), gains_.end(),
                        [](const Gain& gain) { return !gain.over_all; });
}

void SliceStudy::compare(bool on_slice, std::size_t against) {
  const Grid& grid = on_slice ? *on_slice_ : *whole_;
  const std::size_t strategies = grid.strategies().size();
  std::map<std::size_t, std::vector<std::size_t>> differing;  // budgets, by strategy
  const auto enter = [&](std::size_t strategy, const std::vector<std::size_t>& budgets) {
    Gain gain;
    gain.strategy = strategy;
    gain.on_slice = on_slice;
    gain.against = against;
    gain.budgets = budgets;
    const std::vector<double> weights(budgets.size(), 1.0 / static_cast<double>(budgets.size()));
    const Contrast found =
        contrast(grid, difference_terms(strategy, against, budgets, weights), 100);
    gain.differences = found.values;
    gain.test = found.test;
    return gain;
  };
  const auto judge_from = [&](std::size_t first) {
    std::vector<Comparison*> family;
    for (std::size_t i = first; i < gains_.size(); ++i) family.push_back(&gains_[i]);
    judge_family(family);
  };
  for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
    if (grid.is_full(budget)) continue;
    const std::size_t first = gains_.size();
    for (std::size_t strategy = 0; strategy < strategies; ++strategy) {
      if (strategy == against || strategy == *grid.random()) continue;
      Gain gain = enter(strategy, {budget});
      if (gain.test.n == 0) continue;
      // Where a first batch is shared there is nothing to compare.
      if (std::ranges::any_of(gain.differences, [](double d) { return d != 0; })) {
        differing[strategy].push_back(budget);
      }
      gains_.push_back(std::move(gain));
    }
    judge_from(first);
  }
  const std::size_t first = gains_.size();
  for (const auto& [strategy, budgets] : differing) {
    Gain gain = enter(strategy, budgets);
    gain.over_all = true;
    if (gain.test.n > 0) gains_.push_back(std::move(gain));
  }
  judge_from(first);
}

const SliceStudy::Gain* SliceStudy::overall(bool on_slice, std::size_t strategy,
                                            std::size_t against) const {
  for (const Gain& gain : gains_) {
    if (gain.over_all && gain.on_slice == on_slice && gain.strategy == strategy &&
        gain.against == against) {
      return &gain;
    }
  }
  return nullptr;
}

std::string slice_gains_table(const SliceStudy& study) {
  CsvTable table(header_of("slice_gains.csv"));
  for (const SliceStudy::Gain& gain : study.gains()) {
    const Grid& grid = gain.on_slice ? study.on_slice() : study.whole();
    const auto over_budgets = [&](std::string_view metric) {
      std::vector<double> values;
      for (const std::size_t budget : gain.budgets) {
        const std::vector<double> found = grid.values(gain.strategy, budget, metric);
        values.insert(values.end(), found.begin(), found.end());
      }
      return mean(values);
    };
    table.text(study.slice()).text(gain.on_slice ? "slice" : "whole");
    table.text(grid.strategies()[gain.strategy]).text(grid.strategies()[gain.against]);
    if (gain.over_all) {
      table.text("mean").empty();
    } else {
      table.exact(grid.budgets()[gain.budgets[0]]).integer(grid.labels(gain.budgets[0]));
    }
    table.number(over_budgets("slice_labels"), 1).number(over_budgets(grid.headline()), 6);
    const PairedTest& test = gain.test;
    table.number(test.mean, 4).number(test.std, 4).number(test.ci_low, 4).number(test.ci_high, 4);
    table.p_value(test.p_value).integer(test.n).text(gain.verdict).p_value(gain.p_holm);
    gain.seeds_needed > 0 ? table.integer(gain.seeds_needed) : table.empty();
    table.number(test.std_error, 4).number(test.std_error_items, 4);
    table.end_row();
  }
  return table.str();
}

}  // namespace goldpan::report
