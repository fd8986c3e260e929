#pragma once

#include <cstddef>
#include <span>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/random.hpp>

namespace goldpan {

/// The share of `batch` with a near twin among `others`: a row other than itself whose embedding
/// has a cosine of at least `cosine` with its own. Measured on at most kTwinSample members of the
/// batch, evenly spaced; NaN where either list is empty.
inline constexpr std::size_t kTwinSample = 256;
double near_twin_share(const Embeddings& embeddings, std::span<const Index> batch,
                       std::span<const Index> others, double cosine);

/// How far two sets of rows lie apart: the unbiased estimate of the squared maximum mean
/// discrepancy (Gretton et al. 2012, eq. 3) with a Gaussian kernel whose width is the median
/// distance, on at most kDriftSample rows of each, drawn by the generator. About 0 where both come
/// from one distribution; can be slightly negative. NaN where a set has fewer than two rows.
inline constexpr std::size_t kDriftSample = 256;
double mean_discrepancy(const Embeddings& embeddings, std::span<const Index> first,
                        std::span<const Index> second, Generator generator);

}  // namespace goldpan
