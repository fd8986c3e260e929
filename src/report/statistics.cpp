#include "report/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "report/monotone_curve.hpp"

namespace goldpan::report {
namespace {

constexpr double kTargets[] = {0.95, 0.99, 1.0};

// Accuracy differences in points, seed by seed, where both strategies have a round.
std::vector<double> paired_differences(const Grid& grid, std::size_t strategy, std::size_t against,
                                       std::size_t budget) {
  std::vector<double> differences;
  for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
    const RoundRecord* ours = grid.at(strategy, budget, seed);
    const RoundRecord* theirs = grid.at(against, budget, seed);
    if (ours == nullptr || theirs == nullptr) continue;
    const double difference = 100 * (ours->value("accuracy") - theirs->value("accuracy"));
    if (std::isfinite(difference)) differences.push_back(difference);
  }
  return differences;
}

// A first batch shared with random: the same labels, the same accuracies.
bool equals_random(const Grid& grid, std::size_t strategy, std::size_t budget) {
  const std::vector<double> differences =
      paired_differences(grid, strategy, *grid.random(), budget);
  return !differences.empty() && std::all_of(differences.begin(), differences.end(),
                                             [](double difference) { return difference == 0; });
}

// Corrects one family and puts the verdicts into words. Members with NaN p-values stay outside.
void judge(const std::vector<Comparison*>& family) {
  std::vector<double> p_values;
  for (const Comparison* member : family) {
    const bool equal = std::all_of(member->differences.begin(), member->differences.end(),
                                   [](double difference) { return difference == 0; });
    p_values.push_back(equal ? kNan : member->test.p_value);
  }
  const std::vector<double> corrected = holm(p_values);
  const std::size_t size =
      std::count_if(p_values.begin(), p_values.end(), [](double p) { return !std::isnan(p); });
  for (std::size_t i = 0; i < family.size(); ++i) {
    Comparison& member = *family[i];
    member.p_holm = corrected[i];
    const bool equal = std::isnan(p_values[i]) && member.test.mean == 0 && member.test.n > 0;
    member.verdict = equal ? "equal" : verdict(member.test.mean, corrected[i], member.test.n);
    if (size > 0 && !std::isnan(corrected[i])) {
      member.seeds_needed =
          seeds_needed(member.test.mean, member.test.std, kAlpha / static_cast<double>(size));
    }
  }
}

double trapezoid_mean(std::span<const double> x, std::span<const double> y) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) sum += (x[i + 1] - x[i]) * (y[i] + y[i + 1]) / 2;
  return sum / (x.back() - x.front());
}

// The accuracy at the whole pool over all strategies: of one seed, or of all of them.
double full_accuracy(const Grid& grid, std::optional<std::size_t> only_seed) {
  if (!grid.full()) return kNan;
  std::vector<double> accuracies;
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
      const RoundRecord* round = grid.at(strategy, *grid.full(), seed);
      if (round != nullptr && only_seed.value_or(seed) == seed) {
        accuracies.push_back(round->value("accuracy"));
      }
    }
  }
  return mean(accuracies);
}

// Labels for a share of the full-data accuracy on one curve: of one seed, or of their mean.
double labels_needed(const Grid& grid, std::size_t strategy, std::optional<std::size_t> only_seed,
                     double target, double full) {
  std::vector<double> labels;
  std::vector<double> accuracies;
  for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
    double accuracy = kNan;
    if (grid.is_full(budget)) {
      accuracy = full;
    } else if (only_seed) {
      const RoundRecord* round = grid.at(strategy, budget, *only_seed);
      if (round != nullptr) accuracy = round->value("accuracy");
    } else {
      accuracy = mean(grid.values(strategy, budget, "accuracy"));
    }
    const auto count = static_cast<double>(grid.labels(budget));
    if (std::isnan(accuracy) || count < 1 || (!labels.empty() && count <= labels.back())) continue;
    labels.push_back(count);
    accuracies.push_back(accuracy);
  }
  if (labels.empty()) return kNan;
  // What rounding adds to a whole number of labels must not cost another label.
  return std::ceil(MonotoneCurve(labels, accuracies).labels_for(target * full) - 1e-6);
}

}  // namespace

std::vector<Gain> budget_gains(const Grid& grid) {
  std::vector<Gain> gains;
  if (!grid.random()) return gains;
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    if (strategy == *grid.random()) continue;
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      Gain gain;
      gain.strategy = strategy;
      gain.budget = budget;
      gain.differences = paired_differences(grid, strategy, *grid.random(), budget);
      gain.test = paired_test(gain.differences);
      if (gain.test.n > 0) gains.push_back(gain);
    }
  }
  for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
    std::vector<Comparison*> family;
    for (Gain& gain : gains) {
      if (gain.budget != budget) continue;
      if (grid.is_full(budget)) {
        gain.verdict = "same labels";
      } else {
        family.push_back(&gain);
      }
    }
    judge(family);
  }
  return gains;
}

std::vector<BandGain> band_gains(const Grid& grid) {
  std::vector<BandGain> all;
  if (!grid.random()) return all;
  struct Band {
    const char* name;
    double above, up_to;
  };
  for (const Band& band : {Band{"low", 0, 0.1}, Band{"middle", 0.1, 0.5}, Band{"high", 0.5, 1}}) {
    std::vector<std::size_t> budgets;
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      const double value = grid.budgets()[budget];
      const bool inside = value > band.above + 1e-9 && value <= band.up_to + 1e-9;
      if (inside && !grid.is_full(budget)) budgets.push_back(budget);
    }
    if (budgets.empty()) continue;
    const std::size_t first = all.size();
    for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
      if (strategy == *grid.random()) continue;
      BandGain gain;
      gain.strategy = strategy;
      gain.band = band.name;
      gain.budgets = budgets;
      std::erase_if(gain.budgets, [&](std::size_t b) { return equals_random(grid, strategy, b); });
      for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
        double sum = 0;  // NaN where a round is missing
        for (const std::size_t budget : gain.budgets) {
          const RoundRecord* ours = grid.at(strategy, budget, seed);
          const RoundRecord* theirs = grid.at(*grid.random(), budget, seed);
          const bool both = ours != nullptr && theirs != nullptr;
          sum += both ? 100 * (ours->value("accuracy") - theirs->value("accuracy")) : kNan;
        }
        sum /= static_cast<double>(gain.budgets.size());
        if (std::isfinite(sum)) gain.differences.push_back(sum);
      }
      gain.test = paired_test(gain.differences);
      if (gain.test.n > 0) all.push_back(gain);
    }
    std::vector<Comparison*> family;
    for (std::size_t i = first; i < all.size(); ++i) family.push_back(&all[i]);
    judge(family);
  }
  return all;
}

std::vector<Area> areas_under_curve(const Grid& grid) {
  const std::size_t strategies = grid.strategies().size();
  std::vector<Area> areas(strategies);
  if (grid.budgets().size() < 2) return areas;
  std::vector<double> log_budgets;
  for (const double budget : grid.budgets()) log_budgets.push_back(std::log(budget));
  // NaN for a seed with a round missing, so that the seeds still pair up.
  std::vector<std::vector<double>> by_seed(strategies,
                                           std::vector<double>(grid.seeds().size(), kNan));
  for (std::size_t strategy = 0; strategy < strategies; ++strategy) {
    for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
      std::vector<double> accuracies;
      for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
        if (const RoundRecord* round = grid.at(strategy, budget, seed)) {
          accuracies.push_back(round->value("accuracy"));
        }
      }
      if (accuracies.size() != grid.budgets().size()) continue;
      by_seed[strategy][seed] = trapezoid_mean(log_budgets, accuracies);
      areas[strategy].log_area.push_back(by_seed[strategy][seed]);
      areas[strategy].linear_area.push_back(trapezoid_mean(grid.budgets(), accuracies));
    }
  }
  std::vector<Comparison*> family;
  for (std::size_t strategy = 0; strategy < strategies && grid.random(); ++strategy) {
    Comparison& comparison = areas[strategy].against_random;
    comparison.strategy = strategy;
    if (strategy == *grid.random()) continue;
    for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
      const double difference = by_seed[strategy][seed] - by_seed[*grid.random()][seed];
      if (!std::isnan(difference)) comparison.differences.push_back(100 * difference);
    }
    comparison.test = paired_test(comparison.differences);
    if (comparison.test.n > 0) family.push_back(&comparison);
  }
  judge(family);
  return areas;
}

std::vector<Wins> pairwise_wins(const Grid& grid) {
  std::vector<Wins> all;
  const std::size_t strategies = grid.strategies().size();
  for (std::size_t winner = 0; winner < strategies; ++winner) {
    for (std::size_t loser = 0; loser < strategies; ++loser) {
      if (winner == loser) continue;
      Wins wins;
      wins.winner = winner;
      wins.loser = loser;
      for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
        if (grid.is_full(budget)) continue;
        const PairedTest test = paired_test(paired_differences(grid, winner, loser, budget));
        if (test.n < 2) continue;
        ++wins.budgets;
        if (test.mean > 0 && test.p_value < kAlpha) ++wins.wins;
      }
      all.push_back(wins);
    }
  }
  return all;
}

std::vector<LabelsToMatch> labels_to_match(const Grid& grid) {
  std::vector<LabelsToMatch> matches;
  if (!grid.full()) return matches;
  const double full = full_accuracy(grid, std::nullopt);
  const auto pool = static_cast<double>(grid.labels(*grid.full()));
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    for (const double target : kTargets) {
      LabelsToMatch match;
      match.strategy = strategy;
      match.target = target;
      match.target_accuracy = target * full;
      match.labels = labels_needed(grid, strategy, std::nullopt, target, full);
      match.at_most = match.labels <= static_cast<double>(grid.labels(0));
      match.saved = pool - match.labels;
      for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
        const double own = full_accuracy(grid, seed);
        if (std::isnan(own)) continue;
        const double labels = labels_needed(grid, strategy, seed, target, own);
        match.labels_low = std::fmin(match.labels_low, labels);
        match.labels_high = std::fmax(match.labels_high, labels);
      }
      if (grid.random()) {
        match.saved_over_random =
            labels_needed(grid, *grid.random(), std::nullopt, target, full) - match.labels;
      }
      matches.push_back(match);
    }
  }
  return matches;
}

FullDataCheck check_full_data(const Grid& grid) {
  FullDataCheck check;
  if (!grid.full() || grid.strategies().size() < 2) return check;
  for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
    const RoundRecord* best = nullptr;
    const RoundRecord* worst = nullptr;
    std::size_t rounds = 0;
    for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
      const RoundRecord* round = grid.at(strategy, *grid.full(), seed);
      if (round == nullptr || !std::isfinite(round->value("accuracy"))) continue;
      ++rounds;
      if (best == nullptr || round->value("accuracy") > best->value("accuracy")) best = round;
      if (worst == nullptr || round->value("accuracy") < worst->value("accuracy")) worst = round;
    }
    if (rounds < 2) continue;
    const double spread = 100 * (best->value("accuracy") - worst->value("accuracy"));
    if (check.applies() && spread <= check.spread) continue;
    check.spread = spread;
    check.seed = grid.seeds()[seed];
    check.best = best->strategy;
    check.worst = worst->strategy;
  }
  const double accuracy = full_accuracy(grid, std::nullopt);
  const auto tests = static_cast<double>(std::max<std::size_t>(1, grid.records().test_size));
  check.tolerance = std::max(0.5, 100 * std::sqrt(accuracy * (1 - accuracy) / tests));
  return check;
}

Analysis::Analysis(const Records& records)
    : grid(records),
      full_accuracy(report::full_accuracy(grid, std::nullopt)),
      gains(budget_gains(grid)),
      bands(band_gains(grid)),
      areas(areas_under_curve(grid)),
      wins(pairwise_wins(grid)),
      matches(labels_to_match(grid)),
      check(check_full_data(grid)) {}

const Gain* Analysis::gain(std::size_t strategy, std::size_t budget) const {
  for (const Gain& gain : gains) {
    if (gain.strategy == strategy && gain.budget == budget) return &gain;
  }
  return nullptr;
}

}  // namespace goldpan::report
