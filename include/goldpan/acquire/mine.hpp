#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/strategies/mining.hpp>
#include <goldpan/strategies/strategy.hpp>

// Miners: strategies that choose for one slice of the pool instead of all of it.

namespace goldpan {

/// What is known of a slice in a pool of N rows. Lists are ascending.
struct KnownSlice {
  std::vector<Index> inside;     ///< rows known to be in the slice
  std::vector<Index> outside;    ///< rows known not to be
  std::vector<Index> failures;   ///< labelled rows of `inside` that the model gets wrong
  std::vector<Index> negatives;  ///< rows whose like is not wanted; may be empty
};

/// The probability that each of N rows is in the slice: 1 and 0 where that is known, else what a
/// softmax regression on the embeddings says that was trained on the known rows. Where nothing is
/// known to be outside all rows have 1; where nothing is known to be inside, 0. Throws Error for
/// rows out of range, or in both lists.
std::vector<double> slice_membership(const Embeddings& embeddings, const KnownSlice& slice,
                                     Workers& workers);

/// Of the unlabelled rows those that the slice's classifier lets through, ascending: held to be in
/// the slice rather than not (1/2 or more), and, where that leaves fewer than twice the batch, the
/// most probable twice the batch (ties to the lowest row).
std::vector<Index> let_through(std::span<const double> membership, std::span<const Index> unlabeled,
                               std::size_t batch);

/// One row of the table of miners.
struct MinerInfo {
  /// Name, label, summary, paper, needs and look, as of a strategy; `select` is null. Names begin
  /// with "mine_".
  StrategyInfo strategy;
  Selection (*mine)(const Pool& pool, const KnownSlice& slice, std::size_t batch,
                    const MineOptions& options, Generator& generator, Workers& workers);
};

/// mine_distance, mine_herding, mine_badge.
std::span<const MinerInfo> miners();

/// The row of this name, or null.
const MinerInfo* find_miner(std::string_view name);

/// Chooses `batch` unlabelled rows for the slice by the named miner:
///   - mine_distance: the rows nearest to the failures;
///   - mine_herding: UHerding whose mean goes over the rows that the slice's classifier lets
///     through, each weighed by its probability to be in the slice and, where the pool has
///     probabilities, by its uncertainty 1 - (p1 - p2);
///   - mine_badge: BADGE among the rows that it lets through; needs probabilities.
/// Without failures all of `inside` stands for them; with nothing inside the picks are random. Both
/// are said in notes. Throws Error for an unknown miner, listing the known ones, and as the
/// functions of mining.hpp do.
Selection mine(std::string_view miner, const Pool& pool, const KnownSlice& slice, std::size_t batch,
               const MineOptions& options, Generator& generator, Workers& workers);

}  // namespace goldpan
