#include <algorithm>
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
// Images of one task: rows of one product with the projection.
constexpr std::size_t kTask = 12;
constexpr int kSubspaceIterations = 8;

Image mirrored(const Image& image) {
  Image result = image;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      std::copy_n(image.pixels.begin() + (y * image.width + image.width - 1 - x) * 3, 3,
                  result.pixels.begin() + (y * image.width + x) * 3);
    }
  }
  return result;
}

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
    return nlohmann::json{{"encoder", "patches"},
                          {"version", 1},
                          {"patch_side", kPatchSide},
                          {"shorter_side", kShorterSide},
                          {"dim", options_.dim},
                          {"centroids", options_.centroids},
                          {"patches", options_.patches},
                          {"pca_images", options_.pca_images},
                          {"kmeans_iterations", options_.kmeans_iterations},
                          {"mirror_weight", options_.mirror_weight},
                          {"seed", options_.seed}}
        .dump();
  }

  std::size_t dim() const override { return options_.dim; }
  int min_side() const override { return kShorterSide; }

  void fit(const ImageSource& images, std::span<const Index> fit_on, Workers& workers,
           const Progress& progress) override {
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
    workers.for_blocks(images.size(), kTask, [&](std::size_t begin, std::size_t end) {
      Matrix<float> features(end - begin, features_.size());
      for (std::size_t i = begin; i < end; ++i) {
        const auto row = features.row(i - begin);
        features_.describe(patch_picture(images[i]), row);
        for (std::size_t k = 0; k < row.size(); ++k) row[k] -= mean_[k];
      }
      multiply_transposed(features, projection_, out.rows_between(begin, end));
    });
  }

 private:
  /// PCA of the features of a sample of images, met block by block: their N x 4K matrix never is.
  void learn_projection(const ImageSource& images, std::span<const Index> fit_on,
                        const Generator& generator, Workers& workers, const Progress& progress) {
    const std::size_t width = features_.size();
    const std::size_t count = std::min(fit_on.size(), options_.pca_images);
    const std::vector<Index> sample = generator.stream("PCA images").sample(fit_on, count);
    const float mirror_scale = std::sqrt(options_.mirror_weight);
    SymmetricMatrix covariance(width);
    // Subtracting the first block's mean first spares the covariance from cancellation in float32.
    std::vector<float> offset;
    std::vector<double> mean(width, 0.0), mean_both(width, 0.0);
    std::size_t used = 0;
    for (std::size_t begin = 0; begin < count; begin += kBlock) {
      progress.step(40 + 50 * begin / count, 100);
      const auto which = std::span(sample).subspan(begin, std::min(kBlock, count - begin));
      auto pictures = load_pictures(images, which, workers);
      std::erase(pictures, std::nullopt);
      const std::size_t size = pictures.size();
      // Of a picture and its mirror image: rows i and size + i.
      Matrix<float> features(2 * size, width);
      workers.run(2 * size, [&](std::size_t i) {
        const Image& picture = *pictures[i % size];
        features_.describe(i < size ? picture : mirrored(picture), features.row(i));
      });
      if (offset.empty() && size > 0) offset = mean_of_rows(features);
      for (std::size_t i = 0; i < size; ++i) {
        for (std::size_t k = 0; k < width; ++k) {
          float& plain = features(i, k);
          float& other = features(size + i, k);
          const float common = (plain + other) / 2 - offset[k], difference = (plain - other) / 2;
          mean[k] += double{plain} - double{offset[k]};
          mean_both[k] += double{common};
          plain = common;
          other = difference * mirror_scale;
        }
      }
      covariance.add_outer_products(features, workers);
      used += size;
    }
    if (used == 0) throw Error("fit_on", "none of the images sampled for PCA can be decoded");

    const double n = static_cast<double>(used);
    mean_.resize(width);
    for (std::size_t k = 0; k < width; ++k) {
      mean_[k] = offset[k] + static_cast<float>(mean[k] / n);
      mean_both[k] /= n;
    }
    covariance.transform(
        [&](std::size_t i, std::size_t j, float value) {
          return static_cast<float>(double{value} / n - mean_both[i] * mean_both[j]);
        },
        workers);
    progress.step(90, 100);
    const std::size_t found = std::min(options_.dim, width);
    const Eigen eigen = leading_eigenvectors(covariance, found, kSubspaceIterations,
                                             generator.stream("PCA"), workers);
    Matrix<float> projection(options_.dim, width);
    for (std::size_t i = 0; i < found && eigen.values[i] > 1e-6 * eigen.values[0]; ++i) {
      std::copy_n(eigen.vectors.row(i).data(), width, projection.row(i).data());
    }
    projection_ = std::move(projection);
  }

  static std::vector<float> mean_of_rows(const Matrix<float>& rows) {
    std::vector<double> sum(rows.cols(), 0.0);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += double{rows(i, k)};
    }
    std::vector<float> mean(sum.size());
    for (std::size_t k = 0; k < sum.size(); ++k) {
      mean[k] = static_cast<float>(sum[k] / static_cast<double>(rows.rows()));
    }
    return mean;
  }

  PatchesOptions options_;
  PatchFeatures features_;
  std::vector<float> mean_;
  Matrix<float> projection_;
};

}  // namespace

std::unique_ptr<Encoder> make_patches_encoder(const PatchesOptions& options) {
  return std::make_unique<PatchesEncoder>(options);
}

}  // namespace goldpan
