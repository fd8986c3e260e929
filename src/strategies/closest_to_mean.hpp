#pragma once

#include <cstddef>
#include <span>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

struct ClosestToMean {
  std::size_t candidate = 0;  ///< a place in `candidates`
  float squared = 0;          ///< its squared distance to the mean
};

/// Which of the candidates (rows of the embeddings, at least one) lies closest to their mean; of
/// equals, the first. The same for any number of workers.
ClosestToMean closest_to_mean(const Embeddings& embeddings, std::span<const Index> candidates,
                              Workers& workers);

}  // namespace goldpan
