#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace goldpan {

/// A budget as settings hold it is one number: up to 1 it is a share of the pool (0.05), above 1 a
/// count of labels (20). 1 is the whole pool.
inline bool is_count(double budget) { return budget > 1; }

/// Reads one budget: "0.05" and "5%" are shares, "20" a count. Throws Error("--budgets").
double parse_budget(std::string_view text);

/// Checks a list before the pool is known: shares above 0, counts whole, each kind ascending and
/// each number once; the two kinds may come in any order. Throws Error("--budgets").
void check_budgets(std::span<const double> budgets);

/// A budget of a pool.
struct PoolBudget {
  double share = 0;        ///< of the pool: as it was given, or count / pool
  std::size_t labels = 0;  ///< 1 to the pool's size
};

/// What a list comes to on a pool, by labels ascending. Counts above the pool's size are left out;
/// of budgets that come to the same number of labels one stays, a share before a count. Throws
/// Error("--budgets") where nothing is left.
std::vector<PoolBudget> budgets_of_pool(std::span<const double> budgets, std::size_t pool_size);

/// What budgets_of_pool leaves out, as a sentence for the user; empty if it leaves out nothing.
std::string budgets_left_out(std::span<const double> budgets, std::size_t pool_size);

}  // namespace goldpan
