#include "report/conclusion.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/csv.hpp"
#include "report/reflection_phrases.hpp"

namespace goldpan::report {
namespace {

std::string whole(double count) { return thousands(count); }

// The largest saving among those shown at a target, or null.
const LabelsToMatch* best_saving(const Analysis& analysis, double target) {
  const LabelsToMatch* best = nullptr;
  for (const LabelsToMatch& match : analysis.matches) {
    if (match.target != target || match.verdict != "fewer") continue;
    // Holm's verdicts reach further than intervals for all at once: what is quoted has both.
    if (!(match.saved_share_low > 0)) continue;
    if (best == nullptr || match.saved_share > best->saved_share) best = &match;
  }
  return best;
}

const LabelsToMatch* random_at(const Analysis& analysis, double target) {
  for (const LabelsToMatch& match : analysis.matches) {
    if (match.target == target && match.strategy == analysis.grid.random()) return &match;
  }
  return nullptr;
}

std::string saving_sentence(const Analysis& analysis, const LabelsToMatch& match) {
  const LabelsToMatch& random = *random_at(analysis, match.target);
  std::string text = fmt::format(
      "{} reaches {} of the full {} with {}{} labels, random needs {}: {} % fewer (95 % "
      "interval {} to {} %; {}, {}",
      name_of(analysis.grid, match.strategy), percent(match.target),
      analysis.grid.task().headline.label, match.at_most ? "at most " : "", whole(match.labels),
      whole(random.labels), fixed(100 * match.saved_share, 0),
      fixed(100 * match.saved_share_low, 0), fixed(100 * match.saved_share_high, 0),
      counted(match.test.n, "seed"), match.p_holm < 0.001 ? "p < 0.001" : describe_p(match.p_holm));
  return text + " corrected for the strategies compared): shown.";
}

std::string gain_sentence(const Analysis& analysis, const Comparison& gain) {
  return fmt::format(
      "{} is {} percentage points {} than random at equal labels, over all budgets (95 "
      "% "
      "interval {} to {}; {}, corrected {}): shown.",
      name_of(analysis.grid, gain.strategy), fixed(gain.test.mean, 2), more(analysis.grid),
      fixed(gain.ci_all_low, 2), fixed(gain.ci_all_high, 2), counted(gain.test.n, "seed"),
      describe_p(gain.p_holm));
}

// The area's comparisons with a verdict, by falling mean.
std::vector<const Comparison*> areas_with(const Analysis& analysis, std::string_view verdict) {
  std::vector<const Comparison*> found;
  for (const Area& area : analysis.areas) {
    if (area.against_random.test.n == 0) continue;
    // As above: only a gain whose interval for all at once says so too is quoted.
    if (verdict == "better" && !(area.against_random.ci_all_low > 0)) continue;
    if (verdict.empty() || area.against_random.verdict == verdict) {
      found.push_back(&area.against_random);
    }
  }
  std::ranges::stable_sort(found, std::ranges::greater(),
                           [](const Comparison* c) { return c->test.mean; });
  return found;
}

void add_money(const LabelsToMatch& match, const LabelPrices& prices, Conclusion& conclusion) {
  conclusion.details.push_back(fmt::format(
      "Against random that is {} labels, or {} {} at the price given (`labels_to_match.csv`).",
      whole(match.saved_over_random), fixed(match.saved_over_random * prices.image, 2),
      prices.currency));
}

// Gains at single budgets that their verdict and the interval for all at once both bear out, by
// budget, the largest first.
std::vector<const Gain*> shown_gains(const Analysis& analysis) {
  std::vector<const Gain*> shown;
  for (const Gain& gain : analysis.gains) {
    if (gain.verdict == "better" && gain.ci_all_low > 0) shown.push_back(&gain);
  }
  std::ranges::stable_sort(shown, [](const Gain* a, const Gain* b) {
    return a->budget != b->budget ? a->budget < b->budget : a->test.mean > b->test.mean;
  });
  return shown;
}

std::string gain_at_budget(const Analysis& analysis, const Gain& gain) {
  return fmt::format(
      "{} of the pool {} is {} percentage points {} than random (95 % interval {} to "
      "{}, "
      "corrected {}): shown (`budget_gains.csv`)",
      percent(analysis.grid.budgets()[gain.budget]), name_of(analysis.grid, gain.strategy),
      fixed(gain.test.mean, 2), more(analysis.grid), fixed(gain.ci_all_low, 2),
      fixed(gain.ci_all_high, 2), describe_p(gain.p_holm));
}

// The best of those shown to gain with few labels, or null.
const BandGain* best_with_few(const Analysis& analysis) {
  const BandGain* best = nullptr;
  for (const BandGain& gain : analysis.bands) {
    if (gain.band != "few" || gain.verdict != "better" || !(gain.ci_all_low > 0)) continue;
    if (best == nullptr || gain.test.mean > best->test.mean) best = &gain;
  }
  return best;
}

// The regime of few labels has a sentence of its own: who wins there need not win with more.
void add_few_labels(const Analysis& analysis, Conclusion& conclusion) {
  const Grid& grid = analysis.grid;
  const bool is_there =
      std::ranges::any_of(analysis.bands, [](const BandGain& gain) { return gain.band == "few"; });
  if (!is_there) return;
  const BandGain* best = best_with_few(analysis);
  if (best == nullptr) {
    conclusion.details.push_back(fmt::format(
        "With few labels ({}) no strategy is shown to be better than random (`budget_bands.csv`).",
        few_labels(grid)));
    return;
  }
  std::string sentence = fmt::format(
      "With few labels ({}) {} is {} percentage points more accurate than random (95 % interval "
      "{} to {}; {}, corrected {}): shown (`budget_bands.csv`).",
      few_labels(grid), name_of(grid, best->strategy), fixed(best->test.mean, 2),
      fixed(best->ci_all_low, 2), fixed(best->ci_all_high, 2), counted(best->test.n, "seed"),
      describe_p(best->p_holm));
  if (conclusion.shown) {
    conclusion.details.push_back(std::move(sentence));
  } else {
    conclusion.shown = true;
    conclusion.text = std::move(sentence) + " With more labels nothing is shown to save any.";
  }
}

void add_without_savings(const Analysis& analysis, Conclusion& conclusion) {
  const std::vector<const Comparison*> areas = areas_with(analysis, "");
  const std::size_t seeds = analysis.grid.seeds().size();
  const std::vector<const Gain*> gains = shown_gains(analysis);
  if (gains.empty()) {
    conclusion.text = fmt::format(
        "Nothing is shown: with {}, no strategy is shown to be better than labelling at random.",
        counted(seeds, "seed"));
  } else {
    conclusion.shown = true;
    conclusion.text = fmt::format("Over all budgets nothing is shown with {}; at {}.",
                                  counted(seeds, "seed"), gain_at_budget(analysis, *gains.front()));
    for (std::size_t i = 1; i < gains.size(); ++i) {
      conclusion.details.push_back("At " + gain_at_budget(analysis, *gains[i]) + ".");
    }
  }
  if (areas.empty()) return;
  const Comparison& closest = *areas.front();
  std::string text =
      fmt::format("The largest gain over all budgets is {}'s: {} points",
                  name_of(analysis.grid, closest.strategy), signed_fixed(closest.test.mean, 2));
  if (!std::isnan(closest.p_holm)) {
    text +=
        fmt::format(" (95 % interval {} to {}, corrected {})", signed_fixed(closest.ci_all_low, 2),
                    signed_fixed(closest.ci_all_high, 2), describe_p(closest.p_holm));
  }
  text += ", which chance alone may give (`area_under_curve.csv`)";
  if (closest.seeds_needed > closest.test.n) {
    text += fmt::format("; if it is the true gain, {} would show it",
                        counted(closest.seeds_needed, "seed"));
  } else if (closest.seeds_needed == 0 && closest.test.std_error_items > 0) {
    text += "; a test set of this size cannot resolve it, however many seeds there are";
  }
  conclusion.details.push_back(text + ".");
}

void add_worse(const Analysis& analysis, Conclusion& conclusion) {
  std::vector<std::string> worse;
  for (const Comparison* comparison : areas_with(analysis, "worse")) {
    worse.push_back(fmt::format("{} ({} points)", name_of(analysis.grid, comparison->strategy),
                                signed_fixed(comparison->test.mean, 2)));
  }
  if (worse.empty()) return;
  conclusion.details.push_back("Shown to be worse than random over all budgets: " + listed(worse) +
                               " (`area_under_curve.csv`).");
}

void add_method(const Analysis& analysis, Conclusion& conclusion) {
  conclusion.details.push_back(
      analysis.has_items() ? "\"Shown\" means the 5 % level after Holm's correction for the "
                             "strategies compared, and "
                             "intervals hold for all of them at once; the error counts the scatter "
                             "of seeds and that of the test set's items. It holds for this "
                             "pool, these features and this split."
                           : "\"Shown\" means the 5 % level after Holm's correction for the "
                             "strategies compared, and "
                             "intervals hold for all of them at once. The "
                             "journal holds no results of single test items, so that the error "
                             "counts the scatter of "
                             "seeds alone: the test set's own error comes on top.");
}

}  // namespace

Conclusion conclude(const Analysis& analysis, const LabelPrices& prices) {
  Conclusion conclusion;
  const Grid& grid = analysis.grid;
  if (grid.strategies().empty()) {
    conclusion.text = "Nothing is shown: no round is finished yet.";
    return conclusion;
  }
  if (!grid.random()) {
    conclusion.text =
        "Nothing is shown: the run has no random baseline, without which no strategy can be said "
        "to "
        "save anything.";
    return conclusion;
  }
  const std::vector<const Comparison*> better = areas_with(analysis, "better");
  for (const double target : {0.99, 0.95}) {
    const LabelsToMatch* best = best_saving(analysis, target);
    if (best == nullptr) continue;
    conclusion.shown = true;
    conclusion.text = saving_sentence(analysis, *best);
    add_money(*best, prices, conclusion);
    break;
  }
  if (!better.empty()) {
    const std::string sentence = gain_sentence(analysis, *better.front());
    if (conclusion.shown) {
      conclusion.details.push_back(sentence);
    } else {
      conclusion.shown = true;
      conclusion.text =
          sentence + (analysis.matches.empty() ? "" : " That labels are saved is not shown.");
    }
  }
  add_few_labels(analysis, conclusion);
  if (!conclusion.shown) add_without_savings(analysis, conclusion);
  add_worse(analysis, conclusion);
  add_method(analysis, conclusion);
  return conclusion;
}

}  // namespace goldpan::report
