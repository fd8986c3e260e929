#include "report/reflection.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "report/csv.hpp"
#include "report/reflection_phrases.hpp"
#include "report/reflection_sections.hpp"
#include "report/slice_gains.hpp"

namespace goldpan::report {
namespace {

ReflectionSection soundness(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  ReflectionSection section{"Can these numbers be trusted?", {}};
  const FullDataCheck& check = analysis.check;
  if (!check.applies()) {
    section.sentences.push_back(
        "The check at the whole pool was not possible: it takes the budget 100 % and two "
        "strategies at "
        "least.");
  } else if (check.passed()) {
    section.sentences.push_back(fmt::format(
        "The check at the whole pool passes: at 100 % all strategies hold the same labels, and "
        "within "
        "a seed their {} differ by at most {} points (seed {}), which is inside the "
        "tolerance "
        "of {} points (one standard error of the test {}, at least half a point).",
        values_of(grid), fixed(check.spread, 2), check.seed, fixed(check.tolerance, 2),
        grid.task().headline.label));
  } else {
    section.sentences.push_back(
        "The check at the whole pool fails: " + full_data_warning(analysis) + ".");
  }
  if (grid.seeds().size() < 3) {
    section.sentences.push_back(
        fmt::format("With {} no difference can be shown: `--seeds 1,2,3,4,5` costs more time and "
                    "buys verdicts.",
                    counted(grid.seeds().size(), "seed")));
  } else {
    section.sentences.push_back(fmt::format(
        "Every comparison is paired over {}{}; a verdict means the 5 % level, corrected over the "
        "strategies by Holm's method. Everything else is called not shown.",
        counted(grid.seeds().size(), "seed"),
        analysis.has_items() ? " and over the test items, so that its error is that of both"
                             : "; the journal holds no results of single test items, so that the "
                               "test set's own error is left out"));
  }
  if (const std::size_t missing = grid.missing(); missing > 0) {
    section.sentences.push_back(fmt::format(
        "{} not finished: run the same command again to go on where it stopped.",
        missing == 1 ? "1 round is" : thousands(static_cast<double>(missing)) + " rounds are"));
  }
  return section;
}

// Strategies by what a comparison found; the last list by falling mean.
struct Verdicts {
  std::vector<std::string> better, worse;
  const Comparison* largest_not_shown = nullptr;
  std::size_t not_shown = 0;
};

template <typename Comparisons>
Verdicts sort_verdicts(const Grid& grid, const Comparisons& comparisons) {
  Verdicts verdicts;
  for (const Comparison* comparison : comparisons) {
    const std::string text = name_of(grid, comparison->strategy) + " " + describe(*comparison);
    if (comparison->verdict == "better") {
      verdicts.better.push_back(text);
    } else if (comparison->verdict == "worse") {
      verdicts.worse.push_back(text);
    } else if (comparison->verdict != "equal") {
      ++verdicts.not_shown;
      if (verdicts.largest_not_shown == nullptr ||
          comparison->test.mean > verdicts.largest_not_shown->test.mean) {
        verdicts.largest_not_shown = comparison;
      }
    }
  }
  return verdicts;
}

std::string in_words(const Grid& grid, const Verdicts& verdicts) {
  std::string text = verdicts.better.empty() ? "no strategy is shown to beat random"
                                             : "better than random: " + listed(verdicts.better);
  if (!verdicts.worse.empty()) text += "; worse: " + listed(verdicts.worse);
  if (const Comparison* largest = verdicts.largest_not_shown) {
    const std::string name = name_of(grid, largest->strategy);
    text += verdicts.not_shown == 1
                ? fmt::format("; not shown: {} {}", name, describe(*largest))
                : fmt::format("; not shown: {} strategies, first among them {} with {}",
                              verdicts.not_shown, name, describe(*largest));
    text += seeds_hint(*largest);
  }
  return text;
}

ReflectionSection winners(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  ReflectionSection section{"Which strategy wins at low and at middle budgets?", {}};
  if (!grid.random()) {
    section.sentences.push_back("The run has no random baseline: nothing can be said.");
    return section;
  }
  const std::pair<const char*, std::string> bands[] = {{"few", "Few labels (" + few_labels(grid)},
                                                       {"low", "Low budgets (up to 10 %"},
                                                       {"middle", "Middle budgets (up to 50 %"},
                                                       {"high", "High budgets (above 50 %"}};
  for (const auto& [band, title] : bands) {
    std::vector<const Comparison*> comparisons;
    for (const BandGain& gain : analysis.bands) {
      if (gain.band == band) comparisons.push_back(&gain);
    }
    if (comparisons.empty()) continue;
    section.sentences.push_back(fmt::format("{}; mean gain there, `budget_bands.csv`): {}.", title,
                                            in_words(grid, sort_verdicts(grid, comparisons))));
  }
  std::vector<const Comparison*> areas;
  for (const Area& area : analysis.areas) {
    if (area.against_random.test.n > 0) areas.push_back(&area.against_random);
  }
  if (!areas.empty()) {
    section.sentences.push_back(
        fmt::format("Over all budgets (area under the curve, `area_under_curve.csv`): {}.",
                    in_words(grid, sort_verdicts(grid, areas))));
  }
  return section;
}

ReflectionSection labels(const Analysis& analysis, const LabelPrices& prices) {
  const Grid& grid = analysis.grid;
  ReflectionSection section{"How many labels does it save?", {}};
  if (analysis.matches.empty()) {
    section.sentences.push_back(
        fmt::format("Without a budget of 100 % there is no full-data {} to match.",
                    grid.task().headline.label));
    return section;
  }
  section.sentences.push_back(
      fmt::format("All {} labels give {} % (mean over strategies and seeds).",
                  thousands(static_cast<double>(grid.labels(*grid.full()))),
                  fixed(100 * analysis.full_accuracy, 1)));
  for (const double target : {0.95, 0.99}) {
    const LabelsToMatch* best = nullptr;
    const LabelsToMatch* random = nullptr;
    for (const LabelsToMatch& match : analysis.matches) {
      if (match.target != target || std::isnan(match.labels)) continue;
      if (best == nullptr || match.labels < best->labels) best = &match;
      if (match.strategy == grid.random()) random = &match;
    }
    if (best == nullptr) continue;
    std::string text = fmt::format("{} of that takes {} {} labels with {}", percent(target),
                                   best->at_most ? "at most" : "about", thousands(best->labels),
                                   name_of(grid, best->strategy));
    if (best->labels_low < best->labels_high) {
      text += fmt::format(" ({} to {} over the seeds)", thousands(best->labels_low),
                          thousands(best->labels_high));
    }
    if (random != nullptr && random != best) {
      text += fmt::format(" and {} {} with random: {} saved, {} {} at {} {} an image label",
                          random->at_most ? "at most" : "about", thousands(random->labels),
                          thousands(best->saved_over_random),
                          thousands(best->saved_over_random * prices.image), prices.currency,
                          fixed(prices.image, 2), prices.currency);
      text += best->verdict == "fewer"
                  ? fmt::format("; {} to {} % fewer at 95 %, corrected {}",
                                fixed(100 * best->saved_share_low, 1),
                                fixed(100 * best->saved_share_high, 1), describe_p(best->p_holm))
                  : "; that this saves labels is " +
                        (best->verdict.empty() ? "not tested" : best->verdict);
    }
    section.sentences.push_back(text + " (`labels_to_match.csv`).");
  }
  return section;
}

}  // namespace

std::string full_data_warning(const Analysis& analysis) {
  const FullDataCheck& check = analysis.check;
  const Grid& grid = analysis.grid;
  return fmt::format(
      "the curves disagree at 100 %, where all strategies hold the same labels: at seed {} {} and "
      "{} "
      "differ by {} points, more than the tolerance of {}. Check that the head is trained to "
      "convergence, that the rounds at 100 % hold every label (`rounds.csv`), and that no strategy "
      "trains with settings of its own; until then no gain of this size means anything",
      check.seed, name_of(grid, *find_strategy_named(grid, check.best)),
      name_of(grid, *find_strategy_named(grid, check.worst)), fixed(check.spread, 2),
      fixed(check.tolerance, 2));
}

bool anything_beats_random(const Analysis& analysis) {
  const auto better = [](const Comparison& comparison) { return comparison.verdict == "better"; };
  return std::any_of(analysis.gains.begin(), analysis.gains.end(), better) ||
         std::any_of(analysis.bands.begin(), analysis.bands.end(), better) ||
         std::any_of(analysis.areas.begin(), analysis.areas.end(),
                     [&](const Area& area) { return better(area.against_random); });
}

std::vector<std::string> check_run(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  std::vector<std::string> warnings;
  if (const std::size_t missing = grid.missing(); missing > 0) {
    warnings.push_back(
        fmt::format("{} not finished: what is shown may change when {}",
                    missing == 1 ? "1 round is" : fmt::format("{} rounds are", missing),
                    missing == 1 ? "it is" : "they are"));
  }
  if (!grid.random()) {
    warnings.push_back("the run has no strategy 'random': there is nothing to compare with");
  } else if (!analysis.gains.empty() && !anything_beats_random(analysis)) {
    warnings.push_back(fmt::format(
        "nothing is shown to beat random at any budget with {}; reflection.md says what to check",
        counted(grid.seeds().size(), "seed")));
  }
  if (analysis.check.applies() && !analysis.check.passed()) {
    warnings.push_back(full_data_warning(analysis));
  }
  if (std::string copies = copies_warning(analysis); !copies.empty()) {
    warnings.push_back(std::move(copies));
  }
  return warnings;
}

std::string run_summary(const Analysis& analysis) {
  const Records& records = analysis.grid.records();
  std::string data = records.fact("data");
  if (data.empty()) data = records.setting("data.spec");
  // The kind of data set and its folder's name, not where that lies.
  if (const std::size_t colon = data.find(':'); colon != std::string::npos) {
    const std::string folder = std::filesystem::path(data.substr(colon + 1)).filename().string();
    data = folder.empty() ? data.substr(0, colon) : data.substr(0, colon + 1) + folder;
  }
  std::string encoder = records.fact("encoder");
  const std::string dim = records.fact("dim");
  if (!encoder.empty() && !dim.empty()) encoder += fmt::format(", {} dimensions", dim);
  return fmt::format("{} at {} and {}{}: pool of {}, {}{}.",
                     analysis.grid.strategies().size() == 1
                         ? "1 strategy"
                         : fmt::format("{} strategies", analysis.grid.strategies().size()),
                     counted(analysis.grid.budgets().size(), "budget"),
                     counted(analysis.grid.seeds().size(), "seed"),
                     data.empty() ? "" : " on " + data, counted(records.pool_size, "item"),
                     counted(records.test_size, "test item"),
                     encoder.empty() ? "" : "; embeddings: " + encoder);
}

std::vector<ReflectionSection> reflect(const Analysis& analysis, const LabelPrices& prices) {
  std::vector<ReflectionSection> sections;
  if (analysis.grid.strategies().empty()) return sections;
  sections.push_back(soundness(analysis));
  sections.push_back(winners(analysis));
  if (SliceStudy::mined(analysis)) sections.push_back(reflect_on_slice(SliceStudy(analysis)));
  sections.push_back(labels(analysis, prices));
  sections.push_back(reflect_on_k_center(analysis));
  sections.push_back(reflect_on_near_twins(analysis));
  sections.push_back(reflect_on_copies(analysis));
  sections.push_back(reflect_on_cold_start(analysis));
  sections.push_back(reflect_on_calibration(analysis));
  sections.push_back(reflect_on_cost(analysis));
  if (analysis.grid.random() && !analysis.gains.empty() && !anything_beats_random(analysis)) {
    sections.push_back(what_to_check(analysis));
  }
  std::erase_if(sections, [](const ReflectionSection& s) { return s.sentences.empty(); });
  return sections;
}

std::string reflection_markdown(const Analysis& analysis,
                                const std::vector<ReflectionSection>& sections) {
  std::string text = "# Reflection\n\n";
  if (sections.empty()) return text + "No round is finished yet: there is nothing to say.\n";
  text += run_summary(analysis) + "\n";
  text +=
      "Written by `goldpan report` from this run's numbers alone; tables are in `tables/`. "
      "Gains are in percentage points over random at the same seed, as mean ± standard "
      "deviation over seeds.\n";
  for (const ReflectionSection& section : sections) {
    text += "\n## " + section.title + "\n\n";
    for (const std::string& sentence : section.sentences) text += "- " + sentence + "\n";
  }
  return text;
}

}  // namespace goldpan::report
