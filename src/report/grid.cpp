#include "report/grid.hpp"

#include <algorithm>
#include <cmath>

#include "report/styles.hpp"

namespace goldpan::report {
namespace {

// Budgets travel through a data base and a TOML file: what differs by rounding is the same budget.
bool same_budget(double a, double b) { return std::abs(a - b) < 1e-9; }

template <typename Value>
void add_missing(std::vector<Value>& values, const Value& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

// Keeps the asked-for order and drops what has no round; what was not asked for comes last.
template <typename Value>
std::vector<Value> present(const std::vector<Value>& asked, const std::vector<Value>& found) {
  std::vector<Value> kept;
  for (const Value& value : asked) {
    if (std::find(found.begin(), found.end(), value) != found.end()) add_missing(kept, value);
  }
  for (const Value& value : found) add_missing(kept, value);
  return kept;
}

}  // namespace

Grid::Grid(const Records& records)
    : records_(&records),
      task_(&find_task(records.setting("task.name").empty() ? "classification"
                                                            : records.setting("task.name"))) {
  std::vector<std::string> strategies;
  std::vector<std::uint64_t> seeds;
  for (const RoundRecord& round : records.rounds) {
    add_missing(strategies, round.strategy);
    add_missing(seeds, round.seed);
    budgets_.push_back(round.budget);
  }
  strategies_ = present(records.strategies, strategies);
  seeds_ = present(records.seeds, seeds);
  std::sort(budgets_.begin(), budgets_.end());
  budgets_.erase(std::unique(budgets_.begin(), budgets_.end(), same_budget), budgets_.end());

  cells_.assign(strategies_.size() * budgets_.size() * seeds_.size(), nullptr);
  labels_.assign(budgets_.size(), 0);
  for (const RoundRecord& round : records.rounds) {
    const auto strategy = std::find(strategies_.begin(), strategies_.end(), round.strategy);
    const auto seed = std::find(seeds_.begin(), seeds_.end(), round.seed);
    const auto budget = std::find_if(budgets_.begin(), budgets_.end(),
                                     [&](double b) { return same_budget(b, round.budget); });
    const std::size_t b = budget - budgets_.begin();
    const std::size_t s = strategy - strategies_.begin();
    cells_[(s * budgets_.size() + b) * seeds_.size() + (seed - seeds_.begin())] = &round;
    labels_[b] = std::max(labels_[b], round.labeled);
  }
  const auto random = std::ranges::find_if(strategies_, [](const std::string& name) {
    const StrategyInfo* const row = row_of(name);
    return row != nullptr && row->uniform;
  });
  if (random != strategies_.end()) random_ = random - strategies_.begin();
}

const RoundRecord* Grid::at(std::size_t strategy, std::size_t budget, std::size_t seed) const {
  return cells_[(strategy * budgets_.size() + budget) * seeds_.size() + seed];
}

std::vector<double> Grid::values(std::size_t strategy, std::size_t budget,
                                 std::string_view metric) const {
  std::vector<double> found;
  for (std::size_t seed = 0; seed < seeds_.size(); ++seed) {
    const RoundRecord* round = at(strategy, budget, seed);
    if (round != nullptr && std::isfinite(round->value(metric)))
      found.push_back(round->value(metric));
  }
  return found;
}

std::size_t Grid::missing() const {
  const std::size_t strategies = std::max(records_->strategies.size(), strategies_.size());
  const std::size_t seeds = std::max(records_->seeds.size(), seeds_.size());
  const std::size_t budgets = std::max(records_->budgets.size(), budgets_.size());
  const std::size_t there = cells_.size() - std::count(cells_.begin(), cells_.end(), nullptr);
  return strategies * seeds * budgets - there;
}

std::optional<std::size_t> Grid::full() const {
  if (!budgets_.empty() && is_full(budgets_.size() - 1)) return budgets_.size() - 1;
  return std::nullopt;
}

std::size_t Grid::first_share() const {
  std::size_t budget = 0;
  while (budget + 1 < budgets_.size() && is_few(budget)) ++budget;
  return budget;
}

std::vector<std::size_t> Grid::asked_budgets() const {
  std::vector<std::size_t> asked, all;
  for (std::size_t budget = 0; budget < budgets_.size(); ++budget) {
    all.push_back(budget);
    const bool wanted =
        std::any_of(records_->budgets.begin(), records_->budgets.end(),
                    [&](double value) { return same_budget(value, budgets_[budget]); });
    if (wanted) asked.push_back(budget);
  }
  return asked.empty() ? all : asked;
}

}  // namespace goldpan::report
