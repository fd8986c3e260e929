#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <goldpan/embed/encoder.hpp>

namespace goldpan {

/// An encoder with feature maps and no weights: histograms of oriented gradients (Dalal & Triggs
/// 2005) and mean colours. The picture is stretched to 320 x 192 pixels; a cell of the 12 x 20 map
/// is 16 pixels square and holds, for each of its four quarters, 8 unsigned orientations, each over
/// the energy of the 3 x 3 quarters around, the logarithm of that energy, and 3 colours: 48
/// numbers. Its embedding is the mean of its map over the quarters of the picture, 192 numbers.
/// Learns nothing.
std::unique_ptr<Encoder> make_gradients_encoder();

struct MapEncoderOptions {
  /// Channels of a map, by PCA of standardised cells where the encoder has more.
  std::size_t channels = 48;
  /// Images whose cells PCA is learned from, at most: a uniform sample of `fit_on`.
  std::size_t pca_images = 1000;
  std::uint64_t seed = 0;
};

/// The maps of another encoder as rows: dim() = height x width x channels, cell by cell. So they
/// are cached, resumed and checked as embeddings are. Throws Error for an encoder without maps.
std::unique_ptr<Encoder> make_map_encoder(std::unique_ptr<Encoder> base,
                                          const MapEncoderOptions& options = {});

/// The mean of a map over each quarter of the picture: out is 4 x channels.
void pool_map(std::span<const float> map, const MapShape& shape, std::span<float> out);

}  // namespace goldpan
