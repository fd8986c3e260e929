#include "embed/patch_features.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
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
      places =
          generator.stream("places").stream(begin + i).sample(places, std::min(each, grid.size()));
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

/// Mirrors the patch if its right half is darker than its left: of a patch and its mirror image one
/// stays as it is.
void face_right(std::span<float> patch) {
  float slope = 0;
  for (std::size_t i = 0; i < kPatchValues; ++i) {
    slope += patch[i] * (static_cast<float>(i / 3 % kPatchSide) - 0.5f * (kPatchSide - 1));
  }
  if (slope >= 0) return;
  for (std::size_t i = 0; i < kPatchValues; ++i) {
    const std::size_t other = mirrored_value(i);
    if (i < other) std::swap(patch[i], patch[other]);
  }
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
  assert(points.cols() == kPatchValues);
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
  // Of the patches and their mirror images together.
  Matrix<double> symmetric(d, d);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      const std::size_t mirrored_i = mirrored_value(i), mirrored_j = mirrored_value(j);
      symmetric(i, j) = (covariance(i, j) + covariance(mirrored_i, mirrored_j)) / 2 -
                        (mean[i] + mean[mirrored_i]) * (mean[j] + mean[mirrored_j]) / 4;
    }
  }

  const Eigen eigen = eigen_of_symmetric(symmetric);
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
  const Matrix<float> patches =
      sample_patches(images, fit_on, std::max(options.patches, options.centroids), generator,
                     workers, part(0, 100));
  // Where not one image gave a patch, what is wrong with the first says more than a count.
  if (patches.rows() == 0 && !fit_on.empty()) images.load(fit_on.front(), kShorterSide);
  if (patches.rows() < options.centroids) {
    throw Error("fit_on", "the images that can be decoded hold " + std::to_string(patches.rows()) +
                              " patches, expected at least as many as centroids, " +
                              std::to_string(options.centroids));
  }
  Matrix<float> whitening = zca_whitening(patches, workers);
  Matrix<float> whitened(patches.rows(), kPatchValues);
  multiply_transposed(patches, whitening, whitened, workers);
  // Half of the centers, learned from patches that all face one way; the others mirror them.
  for (std::size_t i = 0; i < whitened.rows(); ++i) face_right(whitened.row(i));
  Generator k_means_generator = generator.stream("k-means");
  const KMeans clusters = kmeans(whitened,
                                 {.clusters = options.centroids / 2,
                                  .iterations = options.kmeans_iterations,
                                  .progress = part(100, 300)},
                                 k_means_generator, workers);
  const std::size_t pairs = clusters.centers.rows();
  Matrix<float> centers(2 * pairs, kPatchValues);
  for (std::size_t c = 0; c < pairs; ++c) {
    for (std::size_t k = 0; k < kPatchValues; ++k) {
      centers(c, k) = clusters.centers(c, k);
      centers(pairs + c, mirrored_value(k)) = clusters.centers(c, k);
    }
  }
  return {std::move(whitening), centers};
}

void PatchFeatures::describe(const Image& picture, std::span<float> out) const {
  const std::size_t count = centers_.rows(), pairs = count / 2;
  assert(out.size() == 2 * half());
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
  const std::vector<std::uint8_t> parts = grid.parts();
  Matrix<float> sums(PatchGrid::kParts, count);
  add_triangle_activations(whitened, centers_, parts, sums);

  for (std::size_t lower = 0; lower < 2; ++lower) {
    const auto patches_in = [&](std::size_t part) {
      return static_cast<float>(std::count(parts.begin(), parts.end(), lower * 3 + part));
    };
    const auto left = sums.row(lower * 3), middle = sums.row(lower * 3 + 1),
               right = sums.row(lower * 3 + 2);
    // Means, not sums, so that pictures of different shapes compare. The square root keeps a few
    // strong activations from drowning the many weak ones (docs/decisions/0020).
    const float share = 1.0f / (patches_in(0) + patches_in(1) / 2);
    const auto pooled = [&](std::span<const float> side, std::size_t c) {
      return std::sqrt((side[c] + middle[c] / 2) * share);
    };
    float* const common = out.data() + lower * count;
    float* const difference = common + half();
    for (std::size_t c = 0; c < count; ++c) {
      const float here = pooled(left, c), there = pooled(right, c < pairs ? c + pairs : c - pairs);
      common[c] = (here + there) * std::numbers::sqrt2_v<float> / 2;
      difference[c] = (here - there) * std::numbers::sqrt2_v<float> / 2;
    }
  }
}

}  // namespace goldpan
