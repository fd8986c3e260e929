#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/embed/reduced.hpp>

#include "embed/made_images.hpp"
#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

/// Seven numbers of an image: some correlated, some of another scale, one constant.
class SevenNumbers final : public Encoder {
 public:
  std::string name() const override { return "seven"; }
  std::string description() const override { return R"({"encoder": "seven"})"; }
  std::size_t dim() const override { return 7; }
  bool learns() const override { return false; }
  bool image_by_image() const override { return true; }
  void fit(const ImageSource&, std::span<const Index>, Workers&, const Progress&) override {}
  void encode(std::span<const Image> images, MatrixView<float> out, Workers&) const override {
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto& p = images[i].pixels;
      ++encoded;
      out(i, 0) = p[0];
      out(i, 1) = 1000.0f * p[40];
      out(i, 2) = static_cast<float>(p[0] + p[90]);
      out(i, 3) = 5;
      out(i, 4) = 0.001f * p[200];
      out(i, 5) = static_cast<float>(p[300]) - p[40];
      out(i, 6) = p[77];
    }
  }
  mutable std::atomic<std::size_t> encoded = 0;
};

class ReducedTest : public testing::Test {
 protected:
  ReducedTest() : fit_on(60) { std::iota(fit_on.begin(), fit_on.end(), Index{0}); }
  std::unique_ptr<Encoder> make(std::size_t dim) {
    auto base = std::make_unique<SevenNumbers>();
    seven = base.get();
    return make_reduced_encoder(std::move(base), {.dim = dim});
  }
  Matrix<float> rows(const Encoder& encoder) {
    std::vector<Image> all;
    for (std::size_t i = 0; i < images.size(); ++i) all.push_back(images.load(i, 0));
    Matrix<float> out(all.size(), encoder.dim());
    encoder.encode(all, out, workers);
    return out;
  }

  MadeImages images{80, 12, 12};
  std::vector<Index> fit_on;
  SevenNumbers* seven = nullptr;
  Workers workers{2};
};

/// With all dimensions kept, PCA is a rotation: distances are those of the standardised features,
/// and the new dimensions are uncorrelated over what they were learned from, widest first.
TEST_F(ReducedTest, RotatesWhatItStandardises) {
  const auto encoder = make(7);
  encoder->fit(images, fit_on, workers, {});
  const Matrix<float> reduced = rows(*encoder), plain = rows(*seven);
  Matrix<double> scaled(80, 7);
  for (std::size_t k = 0; k < 7; ++k) {
    double mean = 0, squares = 0;
    for (const Index i : fit_on) mean += plain(i, k) / 60.0;
    for (const Index i : fit_on) squares += (plain(i, k) - mean) * (plain(i, k) - mean) / 60;
    for (std::size_t i = 0; i < 80; ++i) {
      scaled(i, k) = squares > 1e-9 ? (plain(i, k) - mean) / std::sqrt(squares) : 0;
    }
  }
  for (std::size_t i = 0; i < 80; i += 7) {
    for (std::size_t j = 0; j < 80; ++j) {
      double expected = 0, got = 0;
      for (std::size_t k = 0; k < 7; ++k) {
        expected += std::pow(scaled(i, k) - scaled(j, k), 2);
        got += std::pow(double{reduced(i, k)} - double{reduced(j, k)}, 2);
      }
      EXPECT_NEAR(got, expected, 1e-3 * (1 + expected)) << i << " " << j;
    }
  }
  std::vector<double> variance(7, 0);
  for (std::size_t a = 0; a < 7; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double sum = 0;
      for (const Index i : fit_on) sum += double{reduced(i, a)} * double{reduced(i, b)} / 60;
      if (a == b)
        variance[a] = sum;
      else
        EXPECT_NEAR(sum, 0, 1e-3);
    }
  }
  for (std::size_t k = 1; k < 7; ++k) EXPECT_LE(variance[k], variance[k - 1] + 1e-4);
  EXPECT_NEAR(variance[6], 0, 1e-6);  // what is constant spans nothing
}

TEST_F(ReducedTest, CachedRowsOfTheNetworkServeEveryWidthAndGiveTheSameBits) {
  const TemporaryFolder folder;
  EmbedOptions options;
  options.cache_folder = folder.path();
  const auto three = make(3);
  SevenNumbers* const first = seven;
  const EmbeddedImages embedded = embed_images(*three, images, "data", fit_on, options, workers);
  EXPECT_EQ(first->encoded, 80u);  // each image once, although PCA was fitted on them too
  const Matrix<float> direct = rows(*three);
  EXPECT_EQ(
      std::memcmp(direct.data(), embedded.file.matrix().data(), direct.size() * sizeof(float)), 0);
  const auto two = make(2);
  embed_images(*two, images, "data", fit_on, options, workers);
  EXPECT_EQ(seven->encoded, 0u);
  // And from its own cache.
  EXPECT_TRUE(embed_images(*make(3), images, "data", fit_on, options, workers).from_cache);
}

TEST_F(ReducedTest, BrokenImagesAreZerosAndAreNotLearnedFrom) {
  images.broken = {4, 70};
  const TemporaryFolder folder;
  EmbedOptions options;
  options.cache_folder = folder.path();
  options.broken_images = BrokenImages::kSkip;
  const auto encoder = make(3);
  const auto embedded = embed_images(*encoder, images, "data", fit_on, options, workers);
  EXPECT_EQ(embedded.broken, (std::vector<Index>{4, 70}));
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(embedded.file.matrix()(70, k), 0.0f);
  const auto fitted = make(3);
  fitted->fit(images, fit_on, workers, {});
  EXPECT_EQ(hash_of_learned(fitted->learned()), hash_of_learned(encoder->learned()));
}

TEST_F(ReducedTest, WhatWasLearnedCanBeTakenOver) {
  const auto learned_here = make(3);
  learned_here->fit(images, fit_on, workers, {});
  const auto other = make(3);
  EXPECT_TRUE(other->learns());
  expect_error([&] { rows(*other); }, "encode was called before fit");
  other->restore(learned_here->learned());
  EXPECT_FALSE(other->learns());
  EXPECT_NE(other->description(), learned_here->description());
  const Matrix<float> a = rows(*learned_here), b = rows(*other);
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)), 0);
  expect_error([&] { make(2)->restore(learned_here->learned()); },
               "got reduced.projection of 3 x 7, expected 2 x 7");
  expect_error([&] { make(2)->restore({}); }, "got nothing learned called reduced.mean");
}

TEST_F(ReducedTest, RefusesWidthsOfNoMeaning) {
  expect_error([&] { make(0); }, "[dim] is 0, expected 1 to 7");
  expect_error([&] { make(8); }, "[dim] is 8, expected 1 to 7, the dimensions of seven");
}

}  // namespace
}  // namespace goldpan
