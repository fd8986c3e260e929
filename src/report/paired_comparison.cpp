#include "report/paired_comparison.hpp"

#include <algorithm>
#include <cmath>

namespace goldpan::report {
namespace {

// What is left of a rounding error is no difference.
double without_rounding(double value) { return std::round(value * 1e12) / 1e12; }

// Sums of [seed][item] cells; empty where some round holds no results of single items.
std::vector<std::vector<float>> cells(const Grid& grid, std::span<const Term> terms,
                                      std::span<const std::size_t> seeds, double scale) {
  std::vector<std::vector<float>> sums;
  std::size_t items = 0;
  for (const std::size_t seed : seeds) {
    std::vector<float>& sum = sums.emplace_back();
    for (const Term& term : terms) {
      const std::vector<bool>& hits = grid.at(term.strategy, term.budget, seed)->hits;
      if (items == 0) items = hits.size();
      if (hits.size() != items || items < 2) return {};
      sum.resize(items, 0.0F);
      const auto weight = static_cast<float>(term.weight * scale);
      for (std::size_t item = 0; item < items; ++item) sum[item] += hits[item] ? weight : 0.0F;
    }
  }
  return sums;
}

}  // namespace

Contrast contrast(const Grid& grid, std::span<const Term> terms, double scale) {
  Contrast found;
  double least_weight = 1;
  for (const Term& term : terms) {
    if (term.weight != 0) least_weight = std::min(least_weight, std::abs(term.weight));
  }
  for (std::size_t seed = 0; seed < grid.seeds().size(); ++seed) {
    double sum = 0;
    for (const Term& term : terms) {
      const RoundRecord* round = grid.at(term.strategy, term.budget, seed);
      sum += round == nullptr ? kNan : term.weight * round->value(grid.headline());
    }
    if (!std::isfinite(sum)) continue;
    found.seeds.push_back(seed);
    found.values.push_back(without_rounding(sum) * scale);
  }
  if (found.seeds.size() < 2 || terms.empty()) {
    found.test = paired_test(found.values);
    return found;
  }
  const auto table = cells(grid, terms, found.seeds, scale);
  if (!table.empty()) {
    found.has_items = true;
    found.test = crossed_test(found.values, crossed_variance(table));
    return found;
  }
  // By the lower bound: a difference d from cells that are multiples of w has E x^2 >= w |d|.
  CrossedVariance variance;
  variance.seed_count = found.seeds.size();
  variance.item_count = std::max<std::size_t>(2, grid.records().test_size);
  const double std = standard_deviation(found.values);
  variance.seeds = std * std / static_cast<double>(found.seeds.size());
  const double difference = std::abs(mean(found.values)) / scale;
  const double least = std::max(0.0, difference * (least_weight - difference));
  if (grid.records().test_size > 1) {
    const double floor = scale * scale * least / static_cast<double>(grid.records().test_size);
    variance.seeds = std::max(variance.seeds, floor);
  }
  found.test = crossed_test(found.values, variance);
  found.test.std_error_items = kNan;
  return found;
}

std::vector<Term> difference_terms(std::size_t a, std::size_t b,
                                   std::span<const std::size_t> budgets,
                                   std::span<const double> weights) {
  std::vector<Term> terms;
  for (std::size_t i = 0; i < budgets.size(); ++i) {
    terms.push_back({a, budgets[i], weights[i]});
    terms.push_back({b, budgets[i], -weights[i]});
  }
  return terms;
}

}  // namespace goldpan::report
