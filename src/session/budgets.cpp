#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/error.hpp>
#include <goldpan/session/budgets.hpp>

#include "session/settings_lists.hpp"

namespace goldpan {
namespace {

constexpr std::string_view kFlag = "--budgets";
// Beyond it not every whole number is a double.
constexpr double kMostLabels = 9e15;

double number_of(std::string_view text, std::string_view typed) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(kFlag, fmt::format("got '{}', expected a number: a share of the pool (0.05 or 5%) "
                                   "or a count of labels (20)",
                                   typed));
  }
  return value;
}

bool is_sound(double budget) {
  if (is_count(budget)) return budget <= kMostLabels && budget == std::floor(budget);
  return budget > 0;
}

}  // namespace

double parse_budget(std::string_view text) {
  if (!text.ends_with('%')) return number_of(text, text);
  std::string_view digits = text.substr(0, text.size() - 1);
  while (digits.ends_with(' ')) digits.remove_suffix(1);
  const double of_hundred = number_of(digits, text);
  if (!(of_hundred > 0 && of_hundred <= 100)) {
    throw Error(kFlag, fmt::format("got '{}', expected above 0% and up to 100%", text));
  }
  // By its digits: 0.1 / 100 is not the number nearest to 0.001, and the table would say so.
  const bool has_exponent = digits.find_first_of("eE") != std::string_view::npos;
  return has_exponent ? of_hundred / 100 : number_of(fmt::format("{}e-2", digits), text);
}

void check_budgets(std::span<const double> budgets) {
  if (budgets.empty()) throw Error(kFlag, "got none, expected at least one");
  std::vector<double> shares, counts;
  for (const double budget : budgets) {
    if (!is_sound(budget)) {
      throw Error(kFlag,
                  fmt::format("got {}, expected fractions of the pool above 0 and up to 1 (0.25 or "
                              "25%), or counts of labels, which are whole numbers above 1",
                              budget));
    }
    (is_count(budget) ? counts : shares).push_back(budget);
  }
  for (const std::vector<double>& kind : {shares, counts}) {
    if (!std::ranges::is_sorted(kind) || std::ranges::adjacent_find(kind) != kind.end()) {
      throw Error(
          kFlag, fmt::format("got {}, expected {} ascending and each once", fmt::join(budgets, ","),
                             is_count(kind.front()) ? "counts" : "shares"));
    }
  }
}

std::vector<PoolBudget> budgets_of_pool(std::span<const double> budgets, std::size_t pool_size) {
  const auto pool = static_cast<double>(pool_size);
  std::vector<PoolBudget> found;
  // Shares first: the sort is stable, and the first of equals stays.
  for (const double budget : budgets) {
    if (is_count(budget)) continue;
    found.push_back(
        {budget, std::max<std::size_t>(1, static_cast<std::size_t>(std::llround(budget * pool)))});
  }
  for (const double budget : budgets) {
    if (!is_count(budget) || budget > pool) continue;
    found.push_back({budget / pool, static_cast<std::size_t>(budget)});
  }
  std::ranges::stable_sort(found, {}, &PoolBudget::labels);
  const auto same_labels = [](const PoolBudget& a, const PoolBudget& b) {
    return a.labels == b.labels;
  };
  found.erase(std::unique(found.begin(), found.end(), same_labels), found.end());
  if (found.empty()) {
    throw Error(kFlag, fmt::format("got {}, expected a count within the pool of {}, or a share",
                                   fmt::join(budgets, ","), pool_size));
  }
  return found;
}

std::string budgets_left_out(std::span<const double> budgets, std::size_t pool_size) {
  std::vector<double> above;
  for (const double budget : budgets) {
    if (is_count(budget) && budget > static_cast<double>(pool_size)) above.push_back(budget);
  }
  if (above.empty()) return {};
  return fmt::format("budgets of {} labels are left out: the pool has {} items",
                     fmt::join(above, ", "), pool_size);
}

}  // namespace goldpan
