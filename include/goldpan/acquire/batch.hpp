#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

/// Why a pick was made. The names of reason_name and the numbers stand in journals and CSV files:
/// stable, do not renumber.
enum class Reason : std::uint8_t { kColdStart = 0, kReserve = 1, kClassFloor = 2, kStrategy = 3 };

/// "cold_start", "reserve", "class_floor", "strategy".
const char* reason_name(Reason reason);

/// One row to label, with its audit trail.
struct Pick {
  Index row = 0;
  Reason reason = Reason::kStrategy;
  /// The strategy's score; NaN for random picks.
  double score = 0;
  /// The probability, before the draw, that this row would come into the batch for this reason; NaN
  /// where it is not known.
  double inclusion_probability = 0;
};

/// `count` picks drawn uniformly without replacement: each row's inclusion probability is count /
/// rows.size(). Requires: count <= rows.size().
std::vector<Pick> draw_uniform(std::span<const Index> rows, std::size_t count, Reason reason,
                               Generator& generator);

/// The rows that are not among the picks. `rows` ascending.
std::vector<Index> without_picks(std::span<const Index> rows, std::span<const Pick> picks);

struct Batch {
  std::vector<Pick> picks;
  std::vector<std::string> notes;
};

/// A batch with a reserve: `reserve` (in [0, 1]) of it, rounded, is uniform random, drawn first;
/// the strategy chooses the rest around it, with the reserve counted as labelled. With a reserve of
/// 0 this is select(). Throws Error as select() does.
Batch pick_batch(std::string_view strategy, const Pool& pool, std::size_t batch, double reserve,
                 const Generator& generator, Workers& workers, const StrategyOptions& options = {});

}  // namespace goldpan
