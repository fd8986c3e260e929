#include "report/summaries.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "report/styles.hpp"

namespace goldpan::report {
namespace {

MeanStd over(const std::vector<double>& values) {
  return {mean(values), standard_deviation(values)};
}

double sum(const std::vector<std::uint64_t>& counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
}

double imbalance(const std::vector<std::uint64_t>& bought, const std::vector<std::uint64_t>& pool) {
  if (bought.size() != pool.size() || sum(bought) == 0 || sum(pool) == 0) return kNan;
  double distance = 0;
  for (std::size_t c = 0; c < pool.size(); ++c) {
    distance += std::abs(static_cast<double>(bought[c]) / sum(bought) -
                         static_cast<double>(pool[c]) / sum(pool));
  }
  return distance / 2;
}

bool lacks(const std::vector<std::uint64_t>& counts, const std::vector<std::uint64_t>& pool,
           std::size_t c) {
  return c < counts.size() && counts[c] == 0 && pool[c] > 0;
}

}  // namespace

BatchSummary summarize_batches(const Grid& grid, std::size_t strategy, std::size_t budget) {
  BatchSummary summary;
  const auto& pool = grid.records().pool_class_counts;
  std::vector<double> imbalances;
  for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
    const RoundRecord* round = grid.at(strategy, budget, seed);
    if (round == nullptr) continue;
    ++summary.seeds;
    const std::vector<std::uint64_t> counts = round->class_counts();
    const double distance = imbalance(counts, pool);
    if (std::isnan(distance)) continue;
    imbalances.push_back(distance);
    double lacking = 0;
    for (std::size_t c = 0; c < pool.size(); ++c) lacking += lacks(counts, pool, c) ? 1 : 0;
    summary.classes_without_labels = std::fmax(summary.classes_without_labels, lacking);
  }
  summary.redundancy = over(grid.values(strategy, budget, "redundancy"));
  summary.redundancy_labeled = over(grid.values(strategy, budget, "redundancy_labeled"));
  summary.drift = over(grid.values(strategy, budget, "drift"));
  summary.imbalance = over(imbalances);
  return summary;
}

PairedTest against_random(const Grid& grid, std::size_t strategy, std::size_t budget,
                          std::string_view metric) {
  std::vector<double> differences;
  for (std::size_t seed = 0; seed < grid.seeds().size() && grid.random(); ++seed) {
    const RoundRecord* ours = grid.at(strategy, budget, seed);
    const RoundRecord* theirs = grid.at(*grid.random(), budget, seed);
    if (ours == nullptr || theirs == nullptr) continue;
    const double difference = ours->value(metric) - theirs->value(metric);
    if (std::isfinite(difference)) differences.push_back(difference);
  }
  return paired_test(differences);
}

std::vector<std::string> classes_without_labels(const Grid& grid, std::size_t strategy,
                                                std::size_t budget) {
  std::vector<std::string> names;
  const Records& records = grid.records();
  const std::size_t classes =
      std::min(records.class_names.size(), records.pool_class_counts.size());
  for (std::size_t c = 0; c < classes; ++c) {
    for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
      const RoundRecord* round = grid.at(strategy, budget, seed);
      if (round == nullptr || !lacks(round->class_counts(), records.pool_class_counts, c)) {
        continue;
      }
      names.push_back(records.class_names[c]);
      break;
    }
  }
  return names;
}

std::vector<ReliabilityBin> pooled_reliability(const Grid& grid, std::size_t budget, bool after,
                                               std::optional<std::size_t> only_strategy) {
  std::vector<ReliabilityBin> pooled;
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    if (only_strategy.value_or(strategy) != strategy) continue;
    for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
      const RoundRecord* round = grid.at(strategy, budget, seed);
      if (round == nullptr) continue;
      const auto& bins = after ? round->reliability_after : round->reliability_before;
      if (bins.size() > pooled.size()) pooled.resize(bins.size());
      for (std::size_t bin = 0; bin < bins.size(); ++bin) {
        const auto weight = static_cast<double>(bins[bin].count);
        if (bins[bin].count == 0) continue;
        pooled[bin].count += bins[bin].count;
        pooled[bin].confidence += weight * bins[bin].confidence;
        pooled[bin].accuracy += weight * bins[bin].accuracy;
      }
    }
  }
  std::erase_if(pooled, [](const ReliabilityBin& bin) { return bin.count == 0; });
  for (ReliabilityBin& bin : pooled) {
    bin.confidence /= static_cast<double>(bin.count);
    bin.accuracy /= static_cast<double>(bin.count);
  }
  return pooled;
}

double Cost::scaled(double times) const {
  return (train + score) * times + select * std::pow(times, power);
}

double Cost::scaled_same_labels(double times) const { return train + (score + select) * times; }

std::vector<Cost> costs_at_scale(const Grid& grid) {
  std::vector<Cost> costs;
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    Cost cost;
    cost.strategy = strategy;
    const StrategyInfo* const row = row_of(grid.strategies()[strategy]);
    cost.power = row != nullptr && row->cost == CostLaw::kPoolBatch ? 2 : 1;
    for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
      Cost run;
      std::size_t rounds = 0;
      for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
        const RoundRecord* round = grid.at(strategy, budget, seed);
        if (round == nullptr) continue;
        ++rounds;
        run.train += round->value("train_seconds");
        run.score += round->value("score_seconds");
        run.select += round->value("select_seconds");
      }
      if (rounds != grid.budgets().size()) continue;
      ++cost.seeds;
      cost.train += run.train;
      cost.score += run.score;
      cost.select += run.select;
    }
    if (cost.seeds == 0) continue;
    for (double* seconds : {&cost.train, &cost.score, &cost.select}) {
      *seconds /= static_cast<double>(cost.seeds);
    }
    costs.push_back(cost);
  }
  return costs;
}

}  // namespace goldpan::report
