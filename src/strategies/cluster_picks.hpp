#pragma once

#include <cstddef>
#include <span>

#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

/// One row for each of `batch` clusters: k-means on the rows at length 1, and of each cluster the
/// member nearest its center, ties to the lowest row. Largest clusters first, and the score is the
/// number of members. Where rows repeat each other so much that clusters stay empty, the rest are
/// the rows farthest from their centers, with score 0.
///
/// Requires: rows ascending; batch <= rows.size(); finite embeddings.
Selection pick_from_clusters(const Embeddings& embeddings, std::span<const Index> rows,
                             std::size_t batch, Generator& generator, Workers& workers,
                             const Progress& progress);

/// pick_from_clusters among `candidates`, a part of pool.unlabeled; where there are fewer than
/// `batch`, all of them and the rest of the unlabelled rows at random, which the notes say.
Selection pick_from_candidates(const char* strategy, const Embeddings& embeddings,
                               std::span<const Index> candidates, const Pool& pool,
                               std::size_t batch, Generator& generator, Workers& workers,
                               const Progress& progress);

}  // namespace goldpan
