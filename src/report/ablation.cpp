#include "report/ablation.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <goldpan/core/files.hpp>
#include <goldpan/report/report.hpp>

#include "report/csv.hpp"
#include "report/grid.hpp"
#include "report/paired_tests.hpp"

namespace goldpan {
namespace {

using namespace report;

/// Where a strategy or budget of one run stands in another.
template <typename T>
std::size_t find(const std::vector<T>& values, const T& value) {
  return static_cast<std::size_t>(std::ranges::find(values, value) - values.begin());
}

struct Effect {
  std::vector<double> with, without, difference;  // accuracies; difference in points
  double seconds_with = 0, seconds_without = 0;   // of the round, summed over seeds
};

double seconds_of(const RoundRecord& round) {
  return round.value("train_seconds") + round.value("score_seconds") +
         round.value("select_seconds");
}

Effect effect_at(const Grid& with, const Grid& without, std::size_t strategy, std::size_t budget) {
  Effect effect;
  const std::size_t other_strategy = find(without.strategies(), with.strategies()[strategy]);
  const std::size_t other_budget = find(without.budgets(), with.budgets()[budget]);
  if (other_strategy == without.strategies().size() || other_budget == without.budgets().size()) {
    return effect;
  }
  for (std::size_t seed = 0; seed < with.seeds().size(); ++seed) {
    const std::size_t other_seed = find(without.seeds(), with.seeds()[seed]);
    if (other_seed == without.seeds().size()) continue;
    const RoundRecord* const a = with.at(strategy, budget, seed);
    const RoundRecord* const b = without.at(other_strategy, other_budget, other_seed);
    if (a == nullptr || b == nullptr) continue;
    effect.with.push_back(a->value(with.headline()));
    effect.without.push_back(b->value(with.headline()));
    effect.difference.push_back(100 * (a->value(with.headline()) - b->value(with.headline())));
    effect.seconds_with += seconds_of(*a);
    effect.seconds_without += seconds_of(*b);
  }
  return effect;
}

}  // namespace

report::AblationTexts report::compare_ablations(const Records& with_all,
                                                const std::vector<Ablation>& ablations) {
  CsvTable table(
      "guard,strategy,budget,accuracy_with,accuracy_without,difference_mean,difference_std,ci_low,"
      "ci_high,"
      "p_value,seeds");
  std::string text =
      "Effect of each guard: accuracy with it minus without it, points, mean over strategies\n";
  const Grid with(with_all);
  for (const Ablation& ablation : ablations) {
    const Grid without(ablation.without);
    double seconds_with = 0, seconds_without = 0;
    std::vector<double> sums(with.budgets().size()), counts(with.budgets().size());
    for (std::size_t strategy = 0; strategy < with.strategies().size(); ++strategy) {
      for (std::size_t budget = 0; budget < with.budgets().size(); ++budget) {
        const Effect effect = effect_at(with, without, strategy, budget);
        if (effect.difference.empty()) continue;
        const PairedTest test = paired_test(effect.difference);
        table.text(ablation.guard)
            .text(with.strategies()[strategy])
            .exact(with.budgets()[budget])
            .number(mean(effect.with), 5)
            .number(mean(effect.without), 5)
            .number(test.mean, 3)
            .number(test.std, 3)
            .number(test.ci_low, 3)
            .number(test.ci_high, 3)
            .p_value(test.p_value)
            .integer(test.n)
            .end_row();
        sums[budget] += test.mean;
        counts[budget] += 1;
        seconds_with += effect.seconds_with;
        seconds_without += effect.seconds_without;
      }
    }
    text += fmt::format("  {:<12}", ablation.guard);
    for (std::size_t budget = 0; budget < sums.size(); ++budget) {
      if (counts[budget] > 0) {
        text += fmt::format("  {:g} %: {}", 100 * with.budgets()[budget],
                            signed_fixed(sums[budget] / counts[budget], 2));
      }
    }
    text += fmt::format("  (cost: {:.1f} s of {:.1f} s)\n", seconds_with - seconds_without,
                        seconds_with);
  }
  return {table.str(), std::move(text)};
}

std::string write_ablation(const Records& with_all, const std::vector<Ablation>& ablations,
                           const std::filesystem::path& folder) {
  const report::AblationTexts texts = report::compare_ablations(with_all, ablations);
  make_writable_folder(folder / "tables");
  write_file(folder / "tables/ablation.csv", texts.csv);
  return texts.terminal;
}

}  // namespace goldpan
