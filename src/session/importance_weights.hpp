#pragma once

#include <cstddef>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// A batch as a survey statistician sees it: `uniform` rows drawn uniformly from the then
/// unlabelled pool, and `certain` rows that the strategy took whatever the draw was.
struct SampledBatch {
  std::vector<Index> uniform, certain;
  std::size_t unlabeled_before = 0;
};

/// Weights that make a sum over the bought labels an estimate of the sum over the pool, one per
/// pool row (0 where not bought), scaled to a mean of 1 over the bought rows. Empty where no batch
/// has uniform rows: then nothing is known about the rest of the pool.
///
/// After each batch t the pool's sum is estimated by what was bought before (weight 1), plus the
/// batch's certain rows (weight 1), plus its uniform rows standing for all the others (weight
/// (unlabeled_before - certain) / uniform: Horvitz and Thompson 1952). The estimates of all batches
/// are averaged by their number of uniform rows, the way Farquhar, Gal and Rainforth (2021, eq. 7
/// and 8, R_LURE) average theirs.
///
/// Exact: each estimate is unbiased if the certain rows would have been chosen whatever the uniform
/// draw was. An approximation: the strategy chooses around the drawn rows, and randomised
/// strategies (BADGE) count as certain, since their inclusion probabilities are not known.
std::vector<double> importance_weights(const std::vector<SampledBatch>& batches,
                                       std::size_t pool_size);

}  // namespace goldpan
