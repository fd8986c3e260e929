#include "embed/patch_features.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <string>

#include <goldpan/core/error.hpp>

#include "embed/patch_grid.hpp"
#include "kernels/blas.hpp"
#include "kernels/kmeans.hpp"
#include "kernels/symmetric.hpp"

namespace goldpan {
namespace {

// Coates, Ng & Lee 2011 sample a few patches from each of many images.
constexpr std::size_t kPatchesPerImage = 20;
constexpr std::size_t kBlock = 256;

/// Random patches of the images, normalised, the images' in their order.
Matrix<float> sample_patches(const ImageSource& images, std::span<const Index> fit_on,
                             std::size_t wanted, const Generator& generator, Workers& workers,
                             const Progress& progress) {
  const std::size_t count =
      std::min(fit_on.size(), (wanted + kPatchesPerImage - 1) / kPatchesPerImage);
  if (count == 0) throw Error("fit_on", "is empty, expected images to learn from");
  const std::vector<Index> sample = generator.stream("patch images").sample(fit_on, count);
  const std::size_t each = (wanted + count - 1) / count;

  std::vector<float> values;
  for (std::size_t begin = 0; begin < count; begin += kBlock) {
    progress.step(begin, count);
    const std::size_t size = std::min(kBlock, count - begin);
    const auto pictures = load_pictures(images, std::span(sample).subspan(begin, size), workers);
    std::vector<std::vector<float>> patches(size);
    workers.run(size, [&](std::size_t i) {
      if (!pictures[i]) return;
      const PatchGrid grid(*pictures[i]);
      // A small pool is exhausted rather than repeated.
      std::vector<Index> places(grid.size());
      std::iota(places.begin(), places.end(), Index{0});
      places = generator.stream("places").stream(begin + i).sample(places,
                                                                   std::min(each, grid.size()));
      patches[i].resize(places.size() * kPatchValues);
      for (std::size_t p = 0; p < places.size(); ++p) {
        write_patch(*pictures[i], places[p] % grid.columns, places[p] / grid.columns,
                    std::span(patches[i]).subspan(p * kPatchValues, kPatchValues));
      }
    });
    for (const auto& patch : patches) values.insert(values.end(), patch.begin(), patch.end());
  }
  Matrix<float> points(values.size() / kPatchValues, kPatchValues);
  std::copy(values.begin(), values.end(), points.data());
  return points;
}

}  // namespace

std::vector<std::optional<Image>> load_pictures(const ImageSource& images,
                                                std::span<const Index> which, Workers& workers) {
  std::vector<std::optional<Image>> pictures(which.size());
  workers.run(which.size(), [&](std::size_t i) {
    try {
      pictures[i] = patch_picture(images.load(which[i], kShorterSide));
    } catch (const Error&) {
      // Nothing can be learned from it; embed_images tells the user when it comes to embedding it.
    }
  });
  return pictures;
}

Matrix<float> zca_whitening(MatrixView<const float> points, Workers& workers) {
  constexpr std::size_t kRows = 4096;
  constexpr double kFloor = 0.1;  // keeps directions of pure noise from being blown up
  const std::size_t d = points.cols(), blocks = (points.rows() + kRows - 1) / kRows;
  std::vector<Matrix<float>> products(blocks);
  std::vector<std::vector<double>> sums(blocks);
  workers.for_blocks(points.rows(), kRows, [&](std::size_t begin, std::size_t end) {
    const auto block = points.rows_between(begin, end);
    Matrix<float> product(d, d);
    multiply_left_transposed(block, block, product);
    std::vector<double> sum(d, 0.0);
    for (std::size_t i = 0; i < block.rows(); ++i) {
      for (std::size_t k = 0; k < d; ++k) sum[k] += double{block(i, k)};
    }
    products[begin / kRows] = std::move(product);
    sums[begin / kRows] = std::move(sum);
  });
  Matrix<double> covariance(d, d);
  std::vector<double> mean(d, 0.0);
  const double n = static_cast<double>(points.rows());
  for (std::size_t b = 0; b < blocks; ++b) {
    for (std::size_t k = 0; k < d; ++k) mean[k] += sums[b][k] / n;
    for (std::size_t k = 0; k < d * d; ++k) covariance.data()[k] += products[b].data()[k] / n;
  }
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) covariance(i, j) -= mean[i] * mean[j];
  }

  const Eigen eigen = eigen_of_symmetric(covariance);
  Matrix<float> whitening(d, d);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < d; ++k) {
        sum += double{eigen.vectors(k, i)} * double{eigen.vectors(k, j)} /
               std::sqrt(std::max(0.0, eigen.values[k]) + kFloor);
      }
      whitening(i, j) = whitening(j, i) = static_cast<float>(sum);
    }
  }
  return whitening;
}

PatchFeatures PatchFeatures::learn(const ImageSource& images, std::span<const Index> fit_on,
                                   const PatchesOptions& options, const Generator& generator,
                                   Workers& workers, const Progress& progress) {
  // Sampling is about a third of the work here, k-means the rest.
  const auto part = [&](std::size_t from, std::size_t to) {
    return Progress{[=, &progress](std::size_t done, std::size_t total) {
                      progress.step(from + (to - from) * done / std::max<std::size_t>(1, total),
                                    300);
                    },
                    {}};
  };
  const Matrix<float> patches = sample_patches(
      images, fit_on, std::max(options.patches, options.centroids), generator, workers,
      part(0, 100));
  if (patches.rows() < options.centroids) {
    throw Error("fit_on", "the images that can be decoded hold " + std::to_string(patches.rows()) +
                              " patches, expected at least as many as centroids, " +
                              std::to_string(options.centroids));
  }
  Matrix<float> whitening = zca_whitening(patches, workers);
  Matrix<float> whitened(patches.rows(), kPatchValues);
  multiply_transposed(patches, whitening, whitened, workers);
  Generator k_means_generator = generator.stream("k-means");
  const KMeans clusters = kmeans(whitened,
                                 {.clusters = options.centroids,
                                  .iterations = options.kmeans_iterations,
                                  .progress = part(100, 300)},
                                 k_means_generator, workers);
  return {std::move(whitening), clusters.centers};
}

std::size_t PatchFeatures::size() const { return kQuadrants * centers_.rows(); }

void PatchFeatures::describe(const Image& picture, std::span<float> out) const {
  assert(out.size() == size());
  const PatchGrid grid(picture);
  Matrix<float> patches(grid.size(), kPatchValues), whitened(grid.size(), kPatchValues);
  for (std::size_t y = 0; y < grid.rows; ++y) {
    for (std::size_t x = 0; x < grid.columns; ++x) {
      write_patch(picture, x, y, patches.row(y * grid.columns + x));
    }
  }
  // Distances do not change when a constant is added to patches and centers alike, so the mean
  // patch of ZCA is never subtracted.
  multiply_transposed(patches, whitening_, whitened);
  const std::vector<std::uint8_t> quadrants = grid.quadrants();
  std::fill(out.begin(), out.end(), 0.0f);
  const MatrixView<float> sums(out.data(), kQuadrants, centers_.rows());
  add_triangle_activations(whitened, centers_, quadrants, sums);
  for (std::size_t q = 0; q < kQuadrants; ++q) {
    // Means, not sums, so that pictures of different shapes compare. The square root lets a few
    // strong activations not drown the many weak ones (measured: docs/decisions/0020).
    const auto patches_in =
        static_cast<float>(std::count(quadrants.begin(), quadrants.end(), q));
    for (float& value : sums.row(q)) value = std::sqrt(value / patches_in);
  }
}

}  // namespace goldpan
