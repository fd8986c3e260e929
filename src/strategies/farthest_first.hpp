#pragma once

#include <cstddef>
#include <span>

#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

/// k-center greedy (Sener & Savarese 2018) over `candidates` alone, seeded by `centers`: `batch`
/// times the candidate farthest from its nearest center, which then becomes a center. Without
/// centers the first pick is the candidate closest to the candidates' mean. Ties go to the lowest
/// row. Scores are the distances at the time of the pick.
///
/// Requires: candidates ascending; batch <= candidates.size(); finite embeddings.
Selection farthest_first(const Embeddings& embeddings, std::span<const Index> candidates,
                         std::span<const Index> centers, std::size_t batch, Workers& workers,
                         const Progress& progress);

}  // namespace goldpan
