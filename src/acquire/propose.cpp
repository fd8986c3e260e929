#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/stopwatch.hpp>

namespace goldpan {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// `count` picks drawn uniformly without replacement.
std::vector<Pick> draw_uniform(std::span<const Index> rows, std::size_t count, Reason reason,
                               Generator& generator) {
  const double probability = static_cast<double>(count) / static_cast<double>(rows.size());
  std::vector<Pick> picks;
  picks.reserve(count);
  for (const Index row : generator.sample(rows, count)) {
    picks.push_back({row, reason, kNaN, probability});
  }
  return picks;
}

std::vector<Index> rows_of(std::span<const Pick> picks) {
  std::vector<Index> rows;
  rows.reserve(picks.size());
  for (const Pick& pick : picks) rows.push_back(pick.row);
  std::ranges::sort(rows);
  return rows;
}

/// The rows, ascending, that are not among the picks.
std::vector<Index> without_picks(std::span<const Index> rows, std::span<const Pick> picks) {
  std::vector<Index> rest;
  std::ranges::set_difference(rows, rows_of(picks), std::back_inserter(rest));
  return rest;
}

void add_floor(const Round& round, const Pool& pool, Proposal& proposal) {
  const std::vector<Index> candidates = without_picks(pool.unlabeled, proposal.picks);
  std::vector<std::vector<Index>> predicted(pool.probabilities.cols());
  for (const Index row : candidates) {
    const auto probabilities = pool.probabilities.row(row);
    const auto guess = std::ranges::max_element(probabilities) - probabilities.begin();
    predicted[static_cast<std::size_t>(guess)].push_back(row);
  }
  Generator generator = round.stream("class_floor");
  for (const FloorWish& wish : round.floor) {
    const std::vector<Index>& rows = predicted.at(wish.cls);
    const std::size_t count = std::min(wish.picks, rows.size());
    proposal.notes.push_back(fmt::format("class floor: {} of {} wanted picks predicted as '{}'",
                                         count, wish.picks, wish.name));
    const std::vector<Pick> floor = draw_uniform(rows, count, Reason::kClassFloor, generator);
    proposal.picks.insert(proposal.picks.end(), floor.begin(), floor.end());
  }
}

/// The strategy's part of the batch, around what is in the proposal already.
void add_selection(const Round& round, const Pool& pool, Workers& workers, Proposal& proposal) {
  Pool rest = pool;
  std::vector<Index> labeled, unlabeled;
  if (!proposal.picks.empty()) {
    std::ranges::merge(pool.labeled, rows_of(proposal.picks), std::back_inserter(labeled));
    unlabeled = without_picks(pool.unlabeled, proposal.picks);
    rest.labeled = labeled;
    rest.unlabeled = unlabeled;
  }
  const std::size_t count = round.batch - proposal.picks.size();
  Generator generator = round.stream("select");
  const Stopwatch stopwatch;
  const Selection selection =
      round.choose ? round.choose(rest, count)
                   : select(round.strategy, rest, count, generator, workers, round.options);
  proposal.select_seconds = stopwatch.seconds();
  // Only a uniform draw has a probability that is known, and no score.
  const bool uniform = !round.choose && find_strategy(round.strategy).uniform;
  const double probability =
      uniform && !rest.unlabeled.empty()
          ? static_cast<double>(count) / static_cast<double>(rest.unlabeled.size())
          : kNaN;
  for (std::size_t i = 0; i < selection.indices.size(); ++i) {
    proposal.picks.push_back(
        {selection.indices[i], round.reason, uniform ? kNaN : selection.scores[i], probability});
  }
  proposal.notes.insert(proposal.notes.end(), selection.notes.begin(), selection.notes.end());
}

}  // namespace

const char* reason_name(Reason reason) {
  switch (reason) {
    case Reason::kColdStart:
      return "cold_start";
    case Reason::kReserve:
      return "reserve";
    case Reason::kClassFloor:
      return "class_floor";
    case Reason::kStrategy:
      break;
  }
  return "strategy";
}

Proposal propose(const Round& round, const Pool& pool, Workers& workers) {
  if (!round.choose) find_strategy(round.strategy);
  if (!(round.reserve >= 0 && round.reserve <= 1)) {
    throw Error("reserve",
                "got " + std::to_string(round.reserve) + ", expected a share from 0 to 1");
  }
  if (round.batch > pool.unlabeled.size()) {
    throw Error("batch", "got " + std::to_string(round.batch) + ", but only " +
                             std::to_string(pool.unlabeled.size()) + " rows are unlabelled");
  }
  Proposal proposal;
  if (!round.rank_everything && round.batch == pool.unlabeled.size()) {
    for (const Index row : pool.unlabeled) {
      proposal.picks.push_back({row, Reason::kStrategy, kNaN, 1.0});
    }
    proposal.notes.emplace_back("the batch is the rest of the pool: nothing to choose");
    return proposal;
  }
  const auto random =
      static_cast<std::size_t>(std::llround(round.reserve * static_cast<double>(round.batch)));
  if (random > 0) {
    Generator generator = round.stream("reserve");
    proposal.picks = draw_uniform(pool.unlabeled, random, Reason::kReserve, generator);
  }
  if (!round.floor.empty()) add_floor(round, pool, proposal);
  add_selection(round, pool, workers, proposal);
  return proposal;
}

std::vector<Index> complement(std::span<const Index> rows, std::size_t pool_size) {
  std::vector<Index> rest;
  rest.reserve(pool_size - rows.size());
  std::size_t next = 0;
  for (std::size_t row = 0; row < pool_size; ++row) {
    if (next < rows.size() && rows[next] == row) {
      ++next;
    } else {
      rest.push_back(static_cast<Index>(row));
    }
  }
  return rest;
}

}  // namespace goldpan
