#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <goldpan/embed/encoder.hpp>

namespace goldpan {

struct PatchesOptions {
  /// Dimensions of an embedding.
  std::size_t dim = 384;
  /// Centers of k-means, an even number: half of them are the mirror images of the others.
  /// 4 * centroids numbers describe an image before PCA.
  std::size_t centroids = 1600;
  /// Patches that the whitening and k-means are learned from.
  std::size_t patches = 400'000;
  /// Images that PCA is learned from: a uniform sample of `fit_on`.
  std::size_t pca_images = 16'000;
  int kmeans_iterations = 12;
  /// How much what tells a picture from its mirror image counts beside all else: 1 as much, 0 not
  /// at all, so that a picture and its mirror image get one embedding.
  float mirror_weight = 0.3f;
  std::uint64_t seed = 0;
};

/// The encoder of Coates, Ng & Lee 2011 ("An analysis of single-layer networks in unsupervised
/// feature learning"), which needs no weights: 6 x 6 RGB patches at every position, normalised for
/// brightness and contrast, ZCA-whitened, compared with k-means centers (triangle activation) and
/// averaged over the image's quadrants; then square roots and PCA. All of it is learned from the
/// images given to fit(), without labels.
///
/// Images are shrunk to a shorter side of 32 pixels by area averaging, keeping their shape up to
/// 2 : 1; smaller ones are taken as they are. dim() numbers always come out: where the images
/// span fewer dimensions, the rest are zeros. fit() throws Error if no image can be decoded;
/// encode() throws Error before fit(). make_patches_encoder throws Error for options of no meaning.
std::unique_ptr<Encoder> make_patches_encoder(const PatchesOptions& options = {});

}  // namespace goldpan
