#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <goldpan/core/error.hpp>
#include <goldpan/embed/patches.hpp>

#include "embed/patch_features.hpp"
#include "embed/patch_grid.hpp"
#include "kernels/blas.hpp"
#include "kernels/symmetric.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 256;
// Rows of one product with the projection.
constexpr std::size_t kProductBlock = 64;
constexpr int kSubspaceIterations = 8;

/// Progress within [from, to) of `total` steps of the whole.
Progress part_of(const Progress& whole, std::size_t from, std::size_t to, std::size_t total) {
  return {[=, &whole](std::size_t done, std::size_t of) {
            whole.step(from + (to - from) * done / std::max<std::size_t>(1, of), total);
          },
          {}};
}

class PatchesEncoder final : public Encoder {
 public:
  explicit PatchesEncoder(const PatchesOptions& options) : options_(options) {
    const auto positive = [](const char* name, auto value) {
      if (value <= 0) throw Error(name, "is " + std::to_string(value) + ", expected at least 1");
    };
    positive("dim", options.dim);
    positive("centroids", options.centroids);
    if (options.centroids % 2 != 0) {
      throw Error("centroids", "is " + std::to_string(options.centroids) +
                                   ", expected an even number: centers come in mirrored pairs");
    }
    positive("pca_images", options.pca_images);
    positive("kmeans_iterations", options.kmeans_iterations);
    if (!(options.mirror_weight >= 0 && options.mirror_weight <= 1)) {
      throw Error("mirror_weight",
                  "is " + std::to_string(options.mirror_weight) + ", expected 0 to 1");
    }
  }

  std::string name() const override { return "patches"; }

  std::string description() const override {
    // Raise "version" when the same settings begin to mean other numbers.
    nlohmann::json description{{"encoder", "patches"},
                               {"version", 1},
                               {"patch_side", kPatchSide},
                               {"shorter_side", kShorterSide},
                               {"dim", options_.dim},
                               {"centroids", options_.centroids},
                               {"patches", options_.patches},
                               {"pca_images", options_.pca_images},
                               {"kmeans_iterations", options_.kmeans_iterations},
                               {"mirror_weight", options_.mirror_weight},
                               {"seed", options_.seed}};
    if (!restored_.empty()) description["fitted"] = restored_;
    return description.dump();
  }
  bool learns() const override { return restored_.empty(); }

  std::size_t dim() const override { return options_.dim; }
  int min_side() const override { return kShorterSide; }

  void fit(const ImageSource& images, std::span<const Index> fit_on, Workers& workers,
           const Progress& progress) override {
    if (!learns()) return;
    for (const Index image : fit_on) {
      if (image >= images.size()) {
        throw Error("fit_on", "names image " + std::to_string(image) + " of " +
                                  std::to_string(images.size()));
      }
    }
    const Generator generator = Generator(options_.seed).stream("patches");
    features_ = PatchFeatures::learn(images, fit_on, options_, generator, workers,
                                     part_of(progress, 0, 40, 100));
    learn_projection(images, fit_on, generator, workers, progress);
    progress.step(100, 100);
  }

  void encode(std::span<const Image> images, MatrixView<float> out,
              Workers& workers) const override {
    if (projection_.rows() == 0) throw Error("patches", "encode was called before fit");
    for (std::size_t begin = 0; begin < images.size(); begin += kBlock) {
      const std::size_t size = std::min(kBlock, images.size() - begin);
      Matrix<float> features(size, 2 * features_.half());
      workers.run(size, [&](std::size_t i) {
        describe(patch_picture(images[begin + i]), features.row(i));
        for (std::size_t k = 0; k < mean_.size(); ++k) features(i, k) -= mean_[k];
      });
      workers.for_blocks(size, kProductBlock, [&](std::size_t from, std::size_t to) {
        multiply_transposed(features.view().rows_between(from, to), projection_,
                            out.rows_between(begin + from, begin + to));
      });
    }
  }

  std::map<std::string, Matrix<float>> learned() const override {
    Matrix<float> mean(1, mean_.size());
    std::ranges::copy(mean_, mean.data());
    return {{"patches.whitening", features_.whitening()},
            {"patches.centers", features_.centers()},
            {"patches.mean", std::move(mean)},
            {"patches.projection", projection_}};
  }

  void restore(const std::map<std::string, Matrix<float>>& learned) override {
    const auto at = [&](const char* key, std::size_t rows, std::size_t cols) {
      const auto found = learned.find(key);
      if (found == learned.end()) {
        throw Error("patches", std::string("got nothing learned called ") + key);
      }
      if (found->second.rows() != rows || found->second.cols() != cols) {
        throw Error("patches", std::string("got ") + key + " of " +
                                   std::to_string(found->second.rows()) + " x " +
                                   std::to_string(found->second.cols()) + ", expected " +
                                   std::to_string(rows) + " x " + std::to_string(cols));
      }
      return found->second;
    };
    const std::size_t width = 4 * options_.centroids;
    PatchFeatures features(at("patches.whitening", kPatchValues, kPatchValues),
                           at("patches.centers", options_.centroids, kPatchValues));
    const Matrix<float> mean = at("patches.mean", 1, width);
    projection_ = at("patches.projection", options_.dim, width);
    mean_.assign(mean.data(), mean.data() + mean.size());
    features_ = std::move(features);
    restored_ = hash_of_learned(learned);
  }

 private:
  /// The features, those that mirroring changes scaled by mirror_weight.
  void describe(const Image& picture, std::span<float> out) const {
    features_.describe(picture, out);
    for (float& value : out.subspan(features_.half())) value *= options_.mirror_weight;
  }

  /// PCA of the features of a sample of images and, in effect, of their mirror images: over both,
  /// sums and differences are uncorrelated, so each kind has its own covariance and eigenvectors.
  /// The images are met block by block; the matrix of all their features never is.
  void learn_projection(const ImageSource& images, std::span<const Index> fit_on,
                        const Generator& generator, Workers& workers, const Progress& progress) {
    const std::size_t half = features_.half(), width = 2 * half;
    const std::size_t count = std::min(fit_on.size(), options_.pca_images);
    const std::vector<Index> sample = generator.stream("PCA images").sample(fit_on, count);
    std::array<SymmetricMatrix, 2> covariances = {SymmetricMatrix(half), SymmetricMatrix(half)};
    // Subtracting the first block's mean first spares the covariance from cancellation in float32.
    std::vector<double> offset, mean(width, 0.0);
    std::size_t used = 0;
    for (std::size_t begin = 0; begin < count; begin += kBlock) {
      progress.step(40 + 50 * begin / count, 100);
      const auto which = std::span(sample).subspan(begin, std::min(kBlock, count - begin));
      auto pictures = load_pictures(images, which, workers);
      std::erase(pictures, std::nullopt);
      if (pictures.empty()) continue;
      Matrix<float> features(pictures.size(), width);
      workers.run(pictures.size(), [&](std::size_t i) { describe(*pictures[i], features.row(i)); });
      if (offset.empty()) offset = mean_of_rows(features);
      std::array<Matrix<float>, 2> parts = {Matrix<float>(features.rows(), half),
                                            Matrix<float>(features.rows(), half)};
      for (std::size_t i = 0; i < features.rows(); ++i) {
        for (std::size_t k = 0; k < width; ++k) {
          const double centred = features(i, k) - offset[k];
          mean[k] += centred;
          parts[k / half](i, k % half) = static_cast<float>(centred);
        }
      }
      for (std::size_t p = 0; p < 2; ++p) covariances[p].add_outer_products(parts[p], workers);
      used += pictures.size();
    }
    if (used == 0) throw Error("fit_on", "none of the images sampled for PCA can be decoded");

    const double n = static_cast<double>(used);
    mean_.resize(width);
    for (std::size_t k = 0; k < width; ++k) {
      mean[k] /= n;
      mean_[k] = static_cast<float>(offset[k] + mean[k]);
    }
    std::array<Eigen, 2> eigen;
    for (std::size_t p = 0; p < 2; ++p) {
      progress.step(90 + 5 * p, 100);
      covariances[p].transform(
          [&](std::size_t i, std::size_t j, float value) {
            return static_cast<float>(value / n - mean[p * half + i] * mean[p * half + j]);
          },
          workers);
      eigen[p] =
          leading_eigenvectors(covariances[p], std::min(options_.dim, half), kSubspaceIterations,
                               generator.stream("PCA").stream(p), workers);
    }
    // The larger variance first, whichever kind it is of.
    projection_ = Matrix<float>(options_.dim, width);
    std::array<std::size_t, 2> next = {0, 0};
    const double floor = 1e-6 * std::max(eigen[0].values[0], eigen[1].values[0]);
    const auto variance = [&](std::size_t p) {
      return next[p] < eigen[p].values.size() ? eigen[p].values[next[p]] : 0.0;
    };
    for (std::size_t i = 0; i < options_.dim; ++i) {
      const std::size_t p = variance(0) >= variance(1) ? 0 : 1;
      if (variance(p) <= floor) break;
      std::copy_n(eigen[p].vectors.row(next[p]++).data(), half,
                  projection_.row(i).data() + p * half);
    }
  }

  static std::vector<double> mean_of_rows(const Matrix<float>& rows) {
    std::vector<double> mean(rows.cols(), 0.0);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += double{rows(i, k)};
    }
    for (double& value : mean) value /= static_cast<double>(rows.rows());
    return mean;
  }

  PatchesOptions options_;
  PatchFeatures features_;
  std::vector<float> mean_;
  Matrix<float> projection_;
  std::string restored_;  // hash of what was restored rather than learned
};

}  // namespace

std::unique_ptr<Encoder> make_patches_encoder(const PatchesOptions& options) {
  return std::make_unique<PatchesEncoder>(options);
}

}  // namespace goldpan
