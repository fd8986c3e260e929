#pragma once

#include <cstddef>
#include <span>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/strategies/strategy.hpp>

// Mining: which unlabelled rows to label so that one slice gets better. Four ways, to be compared
// over seeds; random is select("random").

namespace goldpan {

struct MineOptions {
  /// Rows whose like is not wanted: things that the embedding confuses with the failures. A row is
  /// then as good as it is nearer to a failure than to these.
  std::span<const Index> negatives;
  /// mine_by_herding: the width h of the kernel exp(-(d / h)^2) on unit vectors.
  double width = 1.0;
  Progress progress;
};

/// The unlabelled rows nearest to any of `failures` in the embedding (Euclidean); with negatives,
/// those for which distance to the nearest negative minus distance to the nearest failure is the
/// largest. Scores: minus the distance, or that difference. Throws Error for rows out of range or
/// no failures.
Selection mine_by_distance(const Pool& pool, std::span<const Index> failures, std::size_t batch,
                           const MineOptions& options, Workers& workers);

/// UHerding (Bae et al. 2025) whose mean is taken over `targets`, the slice, instead of the pool:
/// greedy maximisation of mean_x w(x) max over s in labelled and picks of k(x, s), x over targets,
/// on L2-normalised embeddings. `weights` is how uncertain each target is; empty: 1. Scores are the
/// gains. Lazy greedy: the picks of the plain algorithm. Ties to the lowest row.
Selection mine_by_herding(const Pool& pool, std::span<const Index> targets,
                          std::span<const double> weights, std::size_t batch,
                          const MineOptions& options, Workers& workers);

/// BADGE (Ash et al. 2020) on the unlabelled rows that the slice's classifier lets through:
/// `admitted[i]` says so of row i. Fewer rows than the batch: the rest by BADGE on the others, with
/// a note.
Selection mine_by_badge(const Pool& pool, std::span<const bool> admitted, std::size_t batch,
                        Generator& generator, const MineOptions& options, Workers& workers);

}  // namespace goldpan
