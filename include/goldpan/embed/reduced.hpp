#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <goldpan/embed/encoder.hpp>

namespace goldpan {

struct ReducedOptions {
  /// Dimensions of an embedding.
  std::size_t dim = 384;
  /// Rows that PCA is learned from, at most: a uniform sample of `fit_on`.
  std::size_t pca_images = 50'000;
  std::uint64_t seed = 0;
};

/// Another encoder's embeddings, each dimension standardised, then cut down by PCA: both learned
/// from the pool. The features of a network differ in scale a hundredfold, and most of a thousand
/// of them say little that the others do not; the loop's time is proportional to their number.
///
/// embed_images caches the other encoder's rows, so that another split or another `dim` costs no
/// second pass of the network. Throws Error for a dim of 0 or beyond the other encoder's.
std::unique_ptr<Encoder> make_reduced_encoder(std::unique_ptr<Encoder> base,
                                              const ReducedOptions& options = {});

}  // namespace goldpan
