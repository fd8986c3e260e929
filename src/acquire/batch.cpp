#include <algorithm>
#include <cmath>
#include <limits>

#include <goldpan/acquire/batch.hpp>
#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

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

std::vector<Index> without_picks(std::span<const Index> rows, std::span<const Pick> picks) {
  std::vector<Index> taken, rest;
  for (const Pick& pick : picks) taken.push_back(pick.row);
  std::ranges::sort(taken);
  std::ranges::set_difference(rows, taken, std::back_inserter(rest));
  return rest;
}

Batch pick_batch(std::string_view strategy, const Pool& pool, std::size_t batch, double reserve,
                 const Generator& generator, Workers& workers, const StrategyOptions& options) {
  if (!(reserve >= 0 && reserve <= 1)) {
    throw Error("reserve", "got " + std::to_string(reserve) + ", expected a share from 0 to 1");
  }
  if (batch > pool.unlabeled.size()) {
    throw Error("batch", "got " + std::to_string(batch) + ", but only " +
                             std::to_string(pool.unlabeled.size()) + " rows are unlabelled");
  }
  Batch result;
  const auto random = static_cast<std::size_t>(std::llround(reserve * static_cast<double>(batch)));
  Pool rest = pool;
  std::vector<Index> labeled, unlabeled;
  if (random > 0) {
    Generator reserve_generator = generator.stream("reserve");
    result.picks = draw_uniform(pool.unlabeled, random, Reason::kReserve, reserve_generator);
    labeled.assign(pool.labeled.begin(), pool.labeled.end());
    for (const Pick& pick : result.picks) labeled.push_back(pick.row);
    std::ranges::sort(labeled);
    unlabeled = without_picks(pool.unlabeled, result.picks);
    rest.labeled = labeled;
    rest.unlabeled = unlabeled;
  }
  Generator select_generator = generator.stream("select");
  const Selection selection =
      select(strategy, rest, batch - random, select_generator, workers, options);
  const double probability =
      strategy == "random" && !rest.unlabeled.empty()
          ? static_cast<double>(batch - random) / static_cast<double>(rest.unlabeled.size())
          : kNaN;
  for (std::size_t i = 0; i < selection.indices.size(); ++i) {
    result.picks.push_back(
        {selection.indices[i], Reason::kStrategy, selection.scores[i], probability});
  }
  result.notes = selection.notes;
  return result;
}

}  // namespace goldpan
