#include "report/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "report/distributions.hpp"
#include "report/paired_comparison.hpp"

namespace goldpan::report {
namespace {

// Accuracy differences in points at one budget, seed by seed, where both strategies have a round.
Contrast difference_at(const Grid& grid, std::size_t strategy, std::size_t against,
                       std::size_t budget) {
  const double weight = 1;
  return contrast(grid, difference_terms(strategy, against, {&budget, 1}, {&weight, 1}), 100);
}

// A first batch shared with random: the same labels, the same accuracies.
bool equals_random(const Grid& grid, std::size_t strategy, std::size_t budget) {
  const std::vector<double> differences =
      difference_at(grid, strategy, *grid.random(), budget).values;
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
      const double half_width =
          student_t_quantile(1 - kAlpha / 2 / static_cast<double>(size), member.test.degrees) *
          member.test.std_error;
      member.ci_all_low = member.test.mean - half_width;
      member.ci_all_high = member.test.mean + half_width;
      member.seeds_needed =
          seeds_needed(member.test.mean, member.test.std, kAlpha / static_cast<double>(size),
                       member.test.std_error_items);
    }
  }
}

void enter(Comparison& comparison, Contrast found) {
  comparison.differences = std::move(found.values);
  comparison.test = found.test;
}

// The weights of values at `x` in their mean by trapezoids.
std::vector<double> trapezoid_weights(std::span<const double> x) {
  std::vector<double> weights(x.size(), 0.0);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double half = (x[i + 1] - x[i]) / 2 / (x.back() - x.front());
    weights[i] += half;
    weights[i + 1] += half;
  }
  return weights;
}

double trapezoid_mean(std::span<const double> x, std::span<const double> y) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) sum += (x[i + 1] - x[i]) * (y[i] + y[i + 1]) / 2;
  return sum / (x.back() - x.front());
}

}  // namespace

void judge_family(const std::vector<Comparison*>& family) { judge(family); }

double full_accuracy(const Grid& grid, std::optional<std::size_t> only_seed) {
  if (!grid.full()) return kNan;
  std::vector<double> accuracies;
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
      const RoundRecord* round = grid.at(strategy, *grid.full(), seed);
      if (round != nullptr && only_seed.value_or(seed) == seed) {
        accuracies.push_back(round->value(grid.headline()));
      }
    }
  }
  return mean(accuracies);
}

std::vector<Gain> budget_gains(const Grid& grid) {
  std::vector<Gain> gains;
  if (!grid.random()) return gains;
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    if (strategy == *grid.random()) continue;
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      Gain gain;
      gain.strategy = strategy;
      gain.budget = budget;
      enter(gain, difference_at(grid, strategy, *grid.random(), budget));
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
  const auto band_of = [&](std::size_t budget) -> std::string_view {
    if (grid.is_few(budget)) return "few";
    if (grid.budgets()[budget] <= 0.1 + 1e-9) return "low";
    return grid.budgets()[budget] <= 0.5 + 1e-9 ? "middle" : "high";
  };
  for (const std::string_view band : {"few", "low", "middle", "high"}) {
    std::vector<std::size_t> budgets;
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      if (band_of(budget) == band && !grid.is_full(budget)) budgets.push_back(budget);
    }
    if (budgets.empty()) continue;
    const std::size_t first = all.size();
    for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
      if (strategy == *grid.random()) continue;
      BandGain gain;
      gain.strategy = strategy;
      gain.band = band;
      gain.budgets = budgets;
      std::erase_if(gain.budgets, [&](std::size_t b) { return equals_random(grid, strategy, b); });
      const std::vector<double> weights(gain.budgets.size(),
                                        1.0 / static_cast<double>(gain.budgets.size()));
      if (!gain.budgets.empty()) {
        enter(
            gain,
            contrast(grid, difference_terms(strategy, *grid.random(), gain.budgets, weights), 100));
      }
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
  for (std::size_t strategy = 0; strategy < strategies; ++strategy) {
    for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
      std::vector<double> accuracies;
      for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
        if (const RoundRecord* round = grid.at(strategy, budget, seed)) {
          accuracies.push_back(round->value(grid.headline()));
        }
      }
      if (accuracies.size() != grid.budgets().size()) continue;
      areas[strategy].log_area.push_back(trapezoid_mean(log_budgets, accuracies));
      areas[strategy].linear_area.push_back(trapezoid_mean(grid.budgets(), accuracies));
    }
  }
  std::vector<std::size_t> all_budgets(grid.budgets().size());
  std::iota(all_budgets.begin(), all_budgets.end(), std::size_t{0});
  const std::vector<double> weights = trapezoid_weights(log_budgets);
  std::vector<Comparison*> family;
  for (std::size_t strategy = 0; strategy < strategies && grid.random(); ++strategy) {
    Comparison& comparison = areas[strategy].against_random;
    comparison.strategy = strategy;
    if (strategy == *grid.random()) continue;
    enter(comparison,
          contrast(grid, difference_terms(strategy, *grid.random(), all_budgets, weights), 100));
    if (comparison.test.n > 0) family.push_back(&comparison);
  }
  judge(family);
  return areas;
}

std::vector<Wins> pairwise_wins(const Grid& grid) {
  const std::size_t strategies = grid.strategies().size();
  std::vector<Wins> all;
  const auto cell = [&](std::size_t winner, std::size_t loser) -> Wins& {
    return all[winner * (strategies - 1) + loser - (loser > winner ? 1 : 0)];
  };
  for (std::size_t winner = 0; winner < strategies; ++winner) {
    for (std::size_t loser = 0; loser < strategies; ++loser) {
      if (winner != loser) all.push_back({winner, loser, 0, 0});
    }
  }
  struct Pair {
    std::size_t a, b;
    Comparison comparison;
  };
  for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
    if (grid.is_full(budget)) continue;
    std::vector<Pair> pairs;
    for (std::size_t a = 0; a < strategies; ++a) {
      for (std::size_t b = a + 1; b < strategies; ++b) {
        Pair pair{a, b, {}};
        enter(pair.comparison, difference_at(grid, a, b, budget));
        if (pair.comparison.test.n >= 2) pairs.push_back(std::move(pair));
      }
    }
    std::vector<Comparison*> with_random, others;
    for (Pair& pair : pairs) {
      const bool is_random = pair.a == grid.random() || pair.b == grid.random();
      (is_random ? with_random : others).push_back(&pair.comparison);
    }
    judge(with_random);
    judge(others);
    for (const Pair& pair : pairs) {
      ++cell(pair.a, pair.b).budgets;
      ++cell(pair.b, pair.a).budgets;
      if (pair.comparison.verdict == "better") ++cell(pair.a, pair.b).wins;
      if (pair.comparison.verdict == "worse") ++cell(pair.b, pair.a).wins;
    }
  }
  return all;
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
      if (round == nullptr || !std::isfinite(round->value(grid.headline()))) continue;
      ++rounds;
      if (best == nullptr || round->value(grid.headline()) > best->value(grid.headline()))
        best = round;
      if (worst == nullptr || round->value(grid.headline()) < worst->value(grid.headline()))
        worst = round;
    }
    if (rounds < 2) continue;
    const double spread = 100 * (best->value(grid.headline()) - worst->value(grid.headline()));
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

bool Analysis::has_items() const {
  return std::ranges::none_of(grid.records().rounds,
                              [](const RoundRecord& round) { return round.hits.size() < 2; });
}

const Gain* Analysis::gain(std::size_t strategy, std::size_t budget) const {
  for (const Gain& gain : gains) {
    if (gain.strategy == strategy && gain.budget == budget) return &gain;
  }
  return nullptr;
}

}  // namespace goldpan::report
