#pragma once

#include <cstddef>
#include <span>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// Candidates are summed in blocks of so many: fixed, so that sums do not depend on the number of
/// workers, nor on the shards that the candidates lie in (distributed/k_center_shard.cpp).
inline constexpr std::size_t kMeanBlock = 8192;

struct ClosestToMean {
  std::size_t candidate = 0;  ///< a place in `candidates`
  float squared = 0;          ///< its squared distance to the mean
};

/// Which of the candidates (rows of the embeddings, at least one) lies closest to their mean; of
/// equals, the first. The same for any number of workers.
ClosestToMean closest_to_mean(const Embeddings& embeddings, std::span<const Index> candidates,
                              Workers& workers);

/// Which of the candidates lies closest to this point; of equals, the first.
ClosestToMean closest_to(const Embeddings& embeddings, std::span<const Index> candidates,
                         std::span<const float> point, Workers& workers);

}  // namespace goldpan
