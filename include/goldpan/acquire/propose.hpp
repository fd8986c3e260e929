#pragma once

#include <cstdint>
#include <functional>
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

/// Share of a batch that `run`, `pick` and `label` draw at random unless told otherwise: what makes
/// later statistics honest. `goldpan.select` in Python, which scripts and adapters call for the
/// bare strategy, draws none (docs/decisions/0007).
inline constexpr double kStandardReserve = 0.1;

/// Picks that a class is to get because it starves among the labels bought (acquire/class_floor).
struct FloorWish {
  std::size_t cls = 0;
  std::string name;
  std::size_t picks = 0;
};

/// One round: how its batch is to be chosen.
struct Round {
  std::string_view strategy;
  std::size_t batch = 0;
  /// In [0, 1]; rounded to whole picks, drawn uniformly before all else.
  double reserve = 0;
  /// Picks at random among the rows that the probabilities give to these classes. Empty: none.
  std::vector<FloorWish> floor;
  /// What the strategy's own picks are called: kStrategy, or kColdStart in a first batch.
  Reason reason = Reason::kStrategy;
  /// A batch of all that is left need not be ranked: then the rows come in their order.
  bool rank_everything = true;
  /// Random numbers by purpose: "reserve", "class_floor", "select".
  std::function<Generator(const char* purpose)> stream;
  StrategyOptions options;
  /// Chooses instead of the strategy, for what is in no table because it sees boxes or several
  /// labels an item: `count` rows of the pool's unlabelled ones. Empty: the strategy.
  std::function<Selection(const Pool& pool, std::size_t count)> choose;
};

struct Proposal {
  std::vector<Pick> picks;
  std::vector<std::string> notes;
  double select_seconds = 0;  ///< the strategy's own time
};

/// A round's batch: the reserve, then the class floor, then the strategy, which chooses around them
/// as if they were labelled. `pool` holds the signals that the strategy needs
/// (StrategyInfo::needs), and the probabilities if there is a floor. The one place where a batch is
/// put together: `run`, `pick`, `label` and Python call it. Throws Error as select() does, and for
/// a reserve outside [0, 1]. Requires: round.stream.
Proposal propose(const Round& round, const Pool& pool, Workers& workers);

/// The rows of a pool that are not in `rows`, which is ascending and below pool_size.
std::vector<Index> complement(std::span<const Index> rows, std::size_t pool_size);

}  // namespace goldpan
