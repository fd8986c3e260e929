#include <algorithm>
#include <cmath>

#include "report/distributions.hpp"
#include "report/monotone_curve.hpp"
#include "report/paired_comparison.hpp"
#include "report/statistics.hpp"

namespace goldpan::report {
namespace {

constexpr double kTargets[] = {0.95, 0.99, 1.0};

// A learning curve's points, by budget; NaN where there is no round.
std::vector<double> accuracies_of(const Grid& grid, std::size_t strategy,
                                  std::optional<std::size_t> only_seed) {
  std::vector<double> accuracies;
  for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
    if (!only_seed) {
      accuracies.push_back(mean(grid.values(strategy, budget, grid.headline())));
    } else {
      const RoundRecord* round = grid.at(strategy, budget, *only_seed);
      accuracies.push_back(round == nullptr ? kNan : round->value(grid.headline()));
    }
  }
  return accuracies;
}

// Labels for a share of the full-data accuracy on one curve, not rounded.
double labels_on(const Grid& grid, const std::vector<double>& curve, double target, double full) {
  std::vector<double> labels;
  std::vector<double> accuracies;
  for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
    const double accuracy = grid.is_full(budget) ? full : curve[budget];
    const auto count = static_cast<double>(grid.labels(budget));
    if (std::isnan(accuracy) || count < 1 || (!labels.empty() && count <= labels.back())) continue;
    labels.push_back(count);
    accuracies.push_back(accuracy);
  }
  if (labels.empty()) return kNan;
  return MonotoneCurve(labels, accuracies).labels_for(target * full);
}

// What rounding adds to a whole number of labels must not cost another label.
double rounded_up(double labels) { return std::ceil(labels - 1e-6); }

// ln(labels / random's labels) is a smooth function of the accuracies on both curves: its
// derivative by each, as a central difference one standard error of a test accuracy wide, makes it
// a sum that contrast() can test.
Contrast log_ratio(const Grid& grid, std::size_t strategy, double target, double full) {
  const std::size_t random = *grid.random(), last = *grid.full();
  const std::vector<double> ours = accuracies_of(grid, strategy, std::nullopt);
  const std::vector<double> theirs = accuracies_of(grid, random, std::nullopt);
  const auto tests = static_cast<double>(std::max<std::size_t>(1, grid.records().test_size));
  const double step = std::max(1e-4, std::sqrt(full * (1 - full) / tests));
  const auto slope = [&](const auto& at) { return (at(step) - at(-step)) / (2 * step); };
  std::vector<Term> terms;
  for (std::size_t budget = 0; budget < last; ++budget) {
    const auto moved = [&](const std::vector<double>& curve) {
      return slope([&](double by) {
        std::vector<double> other = curve;
        other[budget] += by;
        return std::log(labels_on(grid, other, target, full));
      });
    };
    terms.push_back({strategy, budget, moved(ours)});
    terms.push_back({random, budget, -moved(theirs)});
  }
  const double by_full = slope([&](double by) {
    return std::log(labels_on(grid, ours, target, full + by)) -
           std::log(labels_on(grid, theirs, target, full + by));
  });
  const auto count = static_cast<double>(grid.strategies().size());
  for (std::size_t s = 0; s < grid.strategies().size(); ++s) {
    terms.push_back({s, last, by_full / count});
  }
  std::erase_if(terms, [](const Term& term) { return term.weight == 0; });
  return contrast(grid, terms);
}

// Holm's correction over the strategies at one target, verdicts, and intervals for all at once.
void judge(const std::vector<LabelsToMatch*>& family) {
  std::vector<double> p_values;
  for (const LabelsToMatch* match : family) p_values.push_back(match->test.p_value);
  const std::vector<double> corrected = holm(p_values);
  const auto size = static_cast<double>(std::max<std::size_t>(1, family.size()));
  for (std::size_t i = 0; i < family.size(); ++i) {
    LabelsToMatch& match = *family[i];
    match.p_holm = corrected[i];
    match.verdict = verdict(match.test.mean, corrected[i], match.test.n);
    if (match.verdict == "better") match.verdict = "more";
    if (match.verdict == "worse") match.verdict = "fewer";
    if (std::isnan(match.test.degrees)) continue;
    const double half_width =
        student_t_quantile(1 - kAlpha / 2 / size, match.test.degrees) * match.test.std_error;
    match.saved_share_low = 1 - std::exp(match.test.mean + half_width);
    match.saved_share_high = 1 - std::exp(match.test.mean - half_width);
  }
}

// Puts the test's mean at the ratio itself: the sum of terms says how it scatters, not where it is.
PairedTest around(PairedTest test, double center) {
  const double moved = center - test.mean;
  test.mean = center;
  test.ci_low += moved;
  test.ci_high += moved;
  test.p_wilcoxon = kNan;
  test.p_value = test.std_error > 0
                     ? 2 * student_t_cdf(-std::abs(center) / test.std_error, test.degrees)
                     : kNan;
  return test;
}

}  // namespace

std::vector<LabelsToMatch> labels_to_match(const Grid& grid) {
  std::vector<LabelsToMatch> matches;
  if (!grid.full()) return matches;
  const double full = full_accuracy(grid, std::nullopt);
  const auto pool = static_cast<double>(grid.labels(*grid.full()));
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    const std::vector<double> curve = accuracies_of(grid, strategy, std::nullopt);
    for (const double target : kTargets) {
      LabelsToMatch match;
      match.strategy = strategy;
      match.target = target;
      match.target_accuracy = target * full;
      const double labels = labels_on(grid, curve, target, full);
      match.labels = rounded_up(labels);
      match.at_most = match.labels <= static_cast<double>(grid.labels(0));
      match.saved = pool - match.labels;
      for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
        const double own = full_accuracy(grid, seed);
        if (std::isnan(own)) continue;
        const double of_seed =
            rounded_up(labels_on(grid, accuracies_of(grid, strategy, seed), target, own));
        match.labels_low = std::fmin(match.labels_low, of_seed);
        match.labels_high = std::fmax(match.labels_high, of_seed);
      }
      if (grid.random()) {
        const double random =
            labels_on(grid, accuracies_of(grid, *grid.random(), std::nullopt), target, full);
        match.saved_over_random = rounded_up(random) - match.labels;
        if (strategy != *grid.random()) {
          match.saved_share = 1 - match.labels / rounded_up(random);
          match.verdict = "not tested";
          const double ratio = std::log(labels / random);
          if (target < 1 && std::isfinite(ratio)) {
            match.test = around(log_ratio(grid, strategy, target, full).test, ratio);
          } else {
            match.test.p_value = kNan;
          }
        }
      }
      matches.push_back(match);
    }
  }
  for (const double target : kTargets) {
    std::vector<LabelsToMatch*> family;
    for (LabelsToMatch& match : matches) {
      const bool tested = match.target == target && target < 1 && match.test.n > 0;
      if (tested && match.strategy != grid.random()) family.push_back(&match);
    }
    judge(family);
  }
  return matches;
}

}  // namespace goldpan::report
