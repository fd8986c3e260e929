#include "reference/patches.hpp"

#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/embed/patches.hpp>

#include "embed/made_images.hpp"
#include "embed/patch_features.hpp"
#include "embed/patch_grid.hpp"
#include "expect_error.hpp"

namespace goldpan {
namespace {

PatchesOptions small_options() {
  PatchesOptions options;
  options.dim = 10;
  options.centroids = 24;
  options.patches = 1000;
  options.pca_images = 60;
  options.kmeans_iterations = 4;
  return options;
}

std::vector<Index> first(std::size_t count) {
  std::vector<Index> indices(count);
  std::iota(indices.begin(), indices.end(), Index{0});
  return indices;
}

Image mirrored(const Image& image) {
  Image result = image;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        result.pixels[static_cast<std::size_t>((y * image.width + x) * 3 + channel)] =
            image.pixels[static_cast<std::size_t>((y * image.width + image.width - 1 - x) * 3 +
                                                  channel)];
      }
    }
  }
  return result;
}

Matrix<float> encode_all(const Encoder& encoder, const ImageSource& images, Workers& workers) {
  std::vector<Image> decoded;
  for (std::size_t i = 0; i < images.size(); ++i) decoded.push_back(images.load(i));
  Matrix<float> out(decoded.size(), encoder.dim());
  encoder.encode(decoded, out, workers);
  return out;
}

void expect_equal(const Matrix<float>& a, const Matrix<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a.data()[i], b.data()[i]) << i;
}

TEST(PatchFeatures, AgreeWithTheObviousOnes) {
  Workers workers(2);
  Matrix<float> patches(300, kPatchValues);
  for (std::size_t i = 0; i < patches.rows(); ++i) {
    write_patch(made_image(12, 12, i), i % 7, i / 7 % 7, patches.row(i));
  }
  const Matrix<float> whitening = zca_whitening(patches, workers);
  Matrix<float> centers(14, kPatchValues);
  Generator generator(1);
  for (std::size_t c = 0; c < 7; ++c) {
    for (std::size_t k = 0; k < kPatchValues; ++k) {
      centers(c, k) = centers(c + 7, mirrored_value(k)) = static_cast<float>(generator.normal());
    }
  }
  const PatchFeatures features(whitening, centers);
  ASSERT_EQ(features.half(), 28u);
  for (const auto& [width, height] : {std::pair{7, 7}, {8, 10}, {13, 9}}) {
    const Image image = made_image(width, height, 5);
    std::vector<float> out(56);
    features.describe(image, out);
    const auto quadrants = reference::quadrants(image, whitening, centers);
    for (std::size_t lower = 0; lower < 2; ++lower) {
      for (std::size_t c = 0; c < 14; ++c) {
        const double here = quadrants[2 * lower][c], there = quadrants[2 * lower + 1][(c + 7) % 14];
        // Roots of nearly nothing lose half of their digits.
        EXPECT_NEAR(out[lower * 14 + c], (here + there) * std::sqrt(0.5), 2e-3);
        EXPECT_NEAR(out[28 + lower * 14 + c], (here - there) * std::sqrt(0.5), 2e-3);
      }
    }
  }
}

TEST(ZcaWhitening, WhitensWhatVariesAndCommutesWithMirroring) {
  Workers workers(1);
  Matrix<float> patches(4000, kPatchValues);
  Generator generator(2);
  for (std::size_t i = 0; i < patches.size(); ++i) {
    patches.data()[i] = static_cast<float>(3 * generator.normal() + 1);
  }
  const Matrix<float> whitening = zca_whitening(patches, workers);
  for (std::size_t i = 0; i < kPatchValues; ++i) {
    EXPECT_NEAR(whitening(i, i), 1 / std::sqrt(9.1), 0.02);
    for (std::size_t j = 0; j < kPatchValues; ++j) {
      EXPECT_NEAR(whitening(i, j), whitening(mirrored_value(i), mirrored_value(j)), 1e-5);
      EXPECT_EQ(whitening(i, j), whitening(j, i));
    }
  }
}

TEST(Patches, DoNotDependOnThreadsOrBatches) {
  const MadeImages images(80);
  std::vector<Matrix<float>> embedded;
  for (const int threads : {1, 2, 4}) {
    Workers workers(threads);
    const auto encoder = make_patches_encoder(small_options());
    encoder->fit(images, first(70), workers, {});
    embedded.push_back(encode_all(*encoder, images, workers));
    if (threads > 1) continue;
    for (std::size_t i = 0; i < images.size(); ++i) {
      const std::vector<Image> one = {images.load(i, 0)};
      Matrix<float> out(1, encoder->dim());
      encoder->encode(one, out, workers);
      for (std::size_t k = 0; k < out.cols(); ++k) ASSERT_EQ(out(0, k), embedded[0](i, k));
    }
  }
  expect_equal(embedded[0], embedded[1]);
  expect_equal(embedded[0], embedded[2]);
}

TEST(Patches, ArePrincipalComponents) {
  // Over the images that PCA saw: mean zero, and variances that fall.
  const MadeImages images(60);
  Workers workers(2);
  PatchesOptions options = small_options();
  options.mirror_weight = 0;
  const auto encoder = make_patches_encoder(options);
  encoder->fit(images, first(60), workers, {});
  const Matrix<float> embedded = encode_all(*encoder, images, workers);
  std::vector<double> variances;
  for (std::size_t k = 0; k < embedded.cols(); ++k) {
    double mean = 0, variance = 0;
    for (std::size_t i = 0; i < 60; ++i) mean += embedded(i, k) / 60.0;
    for (std::size_t i = 0; i < 60; ++i) {
      variance += (embedded(i, k) - mean) * (embedded(i, k) - mean) / 60.0;
    }
    EXPECT_NEAR(mean, 0.0, 1e-4);
    variances.push_back(variance);
  }
  for (std::size_t k = 1; k < variances.size(); ++k)
    EXPECT_LE(variances[k], variances[k - 1] * 1.001);
  EXPECT_GT(variances.back(), 0.0);
}

TEST(Patches, MirrorWeightZeroCannotTellLeftFromRight) {
  const MadeImages images(60);
  Workers workers(1);
  for (const float weight : {0.0f, 1.0f}) {
    PatchesOptions options = small_options();
    options.mirror_weight = weight;
    const auto encoder = make_patches_encoder(options);
    encoder->fit(images, first(60), workers, {});
    const Image image = made_image(12, 12, 99);
    const std::vector<Image> both = {image, mirrored(image)};
    Matrix<float> out(2, encoder->dim());
    encoder->encode(both, out, workers);
    double difference = 0, length = 0;
    for (std::size_t k = 0; k < out.cols(); ++k) {
      difference += std::fabs(out(0, k) - out(1, k));
      length += std::fabs(out(0, k));
    }
    if (weight == 0) {
      EXPECT_LT(difference, 2e-3 * length);
    } else {
      EXPECT_GT(difference, 0.05 * length);
    }
  }
}

TEST(Patches, LearnFromTheNamedImagesAlone) {
  MadeImages images(80);
  Workers workers(2);
  const auto encoder = make_patches_encoder(small_options());
  for (std::size_t i = 60; i < 80; ++i) images.broken.insert(i);  // would throw if it were asked
  encoder->fit(images, first(60), workers, {});
  images.broken.clear();
  const Matrix<float> with_broken = encode_all(*encoder, images, workers);
  encoder->fit(images, first(60), workers, {});
  expect_equal(with_broken, encode_all(*encoder, images, workers));
}

TEST(Patches, BrokenImagesArePassedOverInFit) {
  MadeImages images(60);
  Workers workers(2);
  images.broken = {0, 17, 59};
  const auto encoder = make_patches_encoder(small_options());
  encoder->fit(images, first(60), workers, {});
  for (std::size_t i = 0; i < 60; ++i) images.broken.insert(i);
  expect_error([&] { encoder->fit(images, first(60), workers, {}); }, "[image 0] is cut off");
}

TEST(Patches, FewImagesLeaveDimensionsOfZeros) {
  const MadeImages images(3);
  Workers workers(1);
  const auto encoder = make_patches_encoder(small_options());
  encoder->fit(images, first(3), workers, {});
  const Matrix<float> embedded = encode_all(*encoder, images, workers);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NE(embedded(i, 0), 0.0f);
    EXPECT_EQ(embedded(i, 9), 0.0f);
  }
}

TEST(Patches, GreyAndFlatImagesGiveFiniteNumbers) {
  MadeImages images(40);
  Workers workers(1);
  const auto encoder = make_patches_encoder(small_options());
  encoder->fit(images, first(40), workers, {});
  std::vector<Image> odd = {Image{9, 9, std::vector<std::uint8_t>(243, 0)},
                            Image{9, 9, std::vector<std::uint8_t>(243, 255)},
                            Image{1, 1, {1, 2, 3}}};
  Image grey = made_image(16, 10, 7);
  for (std::size_t i = 0; i < grey.pixels.size(); ++i) grey.pixels[i] = grey.pixels[i / 3 * 3];
  odd.push_back(grey);
  Matrix<float> out(odd.size(), encoder->dim());
  encoder->encode(odd, out, workers);
  for (const float value : std::span(out.data(), out.size())) EXPECT_TRUE(std::isfinite(value));
}

TEST(Patches, RefuseWhatMakesNoSense) {
  const auto with = [](auto change) {
    return [change] {
      PatchesOptions options;
      change(options);
      make_patches_encoder(options);
    };
  };
  expect_error(with([](auto& options) { options.dim = 0; }), "[dim] is 0");
  expect_error(with([](auto& options) { options.centroids = 0; }), "[centroids] is 0");
  expect_error(with([](auto& options) { options.centroids = 7; }), "even");
  expect_error(with([](auto& options) { options.mirror_weight = NAN; }), "expected 0 to 1");
  expect_error(with([](auto& options) { options.kmeans_iterations = -1; }), "[kmeans_iterations]");

  const MadeImages images(5);
  Workers workers(1);
  const auto encoder = make_patches_encoder(small_options());
  Matrix<float> out(1, encoder->dim());
  const std::vector<Image> one = {images.load(0, 0)};
  expect_error([&] { encoder->encode(one, out, workers); }, "before fit");
  expect_error([&] { encoder->fit(images, {}, workers, {}); }, "[fit_on] is empty");
  expect_error([&] { encoder->fit(images, first(6), workers, {}); }, "names image 5 of 5");
}

TEST(Patches, FitCanBeCancelled) {
  const MadeImages images(60);
  Workers workers(2);
  const auto encoder = make_patches_encoder(small_options());
  std::size_t asked = 0;
  Progress progress;
  progress.stop = [&] { return ++asked == 3; };
  EXPECT_THROW(encoder->fit(images, first(60), workers, progress), Cancelled);
}

}  // namespace
}  // namespace goldpan
