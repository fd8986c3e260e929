#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/progress.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/embed/patches.hpp>
#include <goldpan/imaging/image.hpp>

#include "kernels/triangle.hpp"

namespace goldpan {

/// The pictures (see patch_picture) of these images, loaded in parallel; nothing where an image
/// cannot be decoded.
std::vector<std::optional<Image>> load_pictures(const ImageSource& images,
                                                std::span<const Index> which, Workers& workers);

/// ZCA whitening of N normalised patches and their mirror images (Bell & Sejnowski 1997): the
/// symmetric matrix V (E + 0.1)^-1/2 V^T for the eigenvectors V and eigenvalues E of their
/// covariance. It commutes with mirroring. Nothing is centred by it.
Matrix<float> zca_whitening(MatrixView<const float> patches, Workers& workers);

/// From a picture to square roots of pooled activations: all of the encoder before PCA.
///
/// The centers come in pairs of mirror images. The features of a mirrored picture are then those of
/// the picture, reordered, at no cost: so the features are given as sums and differences of what
/// mirroring swaps. Sums are the same for a picture and its mirror image; differences change sign.
class PatchFeatures {
 public:
  PatchFeatures() = default;
  /// `whitening` (kPatchValues square), and `centers` (K x kPatchValues, of whitened patches), of
  /// which center K / 2 + i is the mirror image of center i.
  PatchFeatures(Matrix<float> whitening, MatrixView<const float> centers)
      : whitening_(std::move(whitening)), centers_(centers), plain_centers_(copy_of(centers)) {}

  /// Whitening and k-means learned from patches of a random sample of images. Throws Error if the
  /// images that can be decoded hold fewer patches than there are centers.
  static PatchFeatures learn(const ImageSource& images, std::span<const Index> fit_on,
                             const PatchesOptions& options, const Generator& generator,
                             Workers& workers, const Progress& progress);

  /// What was learned: the two arguments of the constructor.
  const Matrix<float>& whitening() const { return whitening_; }
  const Matrix<float>& centers() const { return plain_centers_; }

  /// Features of one kind.
  std::size_t half() const { return 2 * centers_.rows(); }
  /// Requires: out is 2 * half() long; the sums come first. Runs on the calling thread.
  void describe(const Image& picture, std::span<float> out) const;

 private:
  Matrix<float> whitening_;
  static Matrix<float> copy_of(MatrixView<const float> values) {
    Matrix<float> copy(values.rows(), values.cols());
    std::copy_n(values.data(), values.size(), copy.data());
    return copy;
  }

  PackedCenters centers_;
  Matrix<float> plain_centers_;
};

}  // namespace goldpan
