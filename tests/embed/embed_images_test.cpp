#include <chrono>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <goldpan/core/files.hpp>
#include <goldpan/embed/encoder.hpp>
#include <goldpan/embed/patches.hpp>

#include "embed/made_images.hpp"
#include "embed/partial_file.hpp"
#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

/// An encoder that can be seen through: mean pixel and first pixel, plus what it was fitted on.
class MeanPixel final : public Encoder {
 public:
  std::string name() const override { return "mean_pixel"; }
  std::string description() const override { return R"({"setting": )" + setting + "}"; }
  std::size_t dim() const override { return 2; }
  bool learns() const override { return learns_; }
  void fit(const ImageSource&, std::span<const Index> fit_on, Workers&,
           const Progress& progress) override {
    ++fits;
    progress.step(1, 2);
    learned = learns_ ? axis + static_cast<float>(fit_on.size()) : 0.0f;
  }
  void encode(std::span<const Image> images, MatrixView<float> out, Workers&) const override {
    encoded += images.size();
    for (std::size_t i = 0; i < images.size(); ++i) {
      float sum = 0;
      for (const auto pixel : images[i].pixels) sum += pixel;
      out(i, 0) = sum / static_cast<float>(images[i].pixels.size()) + learned;
      out(i, 1) = out(i, 0) > poison ? std::numeric_limits<float>::quiet_NaN()
                                     : static_cast<float>(images[i].pixels[0]);
    }
  }

  std::string setting = "1";
  bool learns_ = true;
  float axis = 0;
  float learned = 0;
  float poison = 1e9f;
  int fits = 0;
  mutable std::size_t encoded = 0;
};

class EmbedImages : public testing::Test {
 protected:
  EmbeddedImages embed(const Progress& progress = {}) {
    encoder.encoded = 0;
    encoder.fits = 0;
    images.loads = 0;
    options.cache_folder = folder.path();
    return embed_images(encoder, images, fingerprint, fit_on, options, workers, progress);
  }
  /// Embeds until so many rows are done, then stops as a kill would, but for the progress record.
  void embed_until(std::size_t rows) {
    Progress progress;
    bool enough = false;
    progress.report = [&](std::size_t done, std::size_t) { enough = done >= rows; };
    progress.stop = [&] { return enough; };
    EXPECT_THROW(embed(progress), Cancelled);
  }
  std::vector<std::filesystem::path> files(const std::string& ending) const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
    }
    return found;
  }
  std::filesystem::path only(const std::string& ending) const {
    const auto found = files(ending);
    EXPECT_EQ(found.size(), 1u) << ending;
    return found.empty() ? std::filesystem::path() : found[0];
  }
  void expect_right(const EmbeddedImages& result) {
    const auto rows = result.file.matrix();
    ASSERT_EQ(rows.rows(), images.size());
    ASSERT_EQ(rows.cols(), 2u);
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (images.broken.contains(i)) {
        EXPECT_EQ(rows(i, 0), 0.0f);
        EXPECT_EQ(rows(i, 1), 0.0f);
      } else {
        Matrix<float> out(1, 2);
        const std::vector<Image> one = {images.load(i, 0)};
        encoder.encode(one, out, workers);
        EXPECT_EQ(rows(i, 0), out(0, 0)) << i;
        EXPECT_EQ(rows(i, 1), out(0, 1)) << i;
      }
    }
  }

  TemporaryFolder folder;
  MadeImages images{1500, 7, 7};
  MeanPixel encoder;
  std::string fingerprint = "data";
  std::vector<Index> fit_on = {0, 1, 2};
  EmbedOptions options;
  Workers workers{2};
};

TEST_F(EmbedImages, EmbedsOnceAndMapsTheCacheAfterwards) {
  std::size_t last = 0, total = 0;
  Progress progress;
  progress.report = [&](std::size_t done, std::size_t of) {
    EXPECT_GE(done, last);
    last = done;
    total = of;
  };
  std::size_t fit_total = 0;
  options.fit_progress.report = [&](std::size_t, std::size_t of) { fit_total = of; };
  const EmbeddedImages first = embed(progress);
  EXPECT_EQ(last, images.size());
  EXPECT_EQ(total, images.size());
  EXPECT_EQ(fit_total, 2u) << "the encoder's own steps";
  EXPECT_FALSE(first.from_cache);
  EXPECT_TRUE(first.broken.empty());
  expect_right(first);
  EXPECT_EQ(encoder.fits, 1);

  const EmbeddedImages second = embed();
  EXPECT_TRUE(second.from_cache);
  EXPECT_EQ(encoder.fits, 0);
  EXPECT_EQ(images.loads, 0u);
  expect_right(second);
  EXPECT_EQ(files("").size(), 2u);  // the values and their record, nothing left over
}

TEST_F(EmbedImages, AnythingElseIsAnotherCache) {
  embed();
  encoder.setting = "2";
  EXPECT_FALSE(embed().from_cache);
  fingerprint = "other data";
  EXPECT_FALSE(embed().from_cache);
  fit_on = {0, 1, 3};
  EXPECT_FALSE(embed().from_cache);
  EXPECT_EQ(files(".npy").size(), 4u);  // side by side
  EXPECT_TRUE(embed().from_cache);
  fit_on = {0, 1, 2};
  EXPECT_TRUE(embed().from_cache);
}

TEST_F(EmbedImages, FixedWeightsShareOneCacheAmongSplits) {
  encoder.learns_ = false;
  embed();
  fit_on = {7, 8};
  EXPECT_TRUE(embed().from_cache);
}

TEST_F(EmbedImages, FreshComputesAgain) {
  embed();
  options.fresh = true;
  EXPECT_FALSE(embed().from_cache);
  EXPECT_EQ(encoder.encoded, images.size());
  options.fresh = false;
  EXPECT_TRUE(embed().from_cache);
}

TEST_F(EmbedImages, DamagedCachesAreComputedAgain) {
  embed();
  const auto values = only(".npy"), record = only(".json");
  const std::string good = read_text(values), good_record = read_text(record);

  std::filesystem::resize_file(values, good.size() - 1);
  EXPECT_FALSE(embed().from_cache);
  write_file(values, good + "x");
  EXPECT_FALSE(embed().from_cache);
  std::string changed = good;
  changed[good.size() - 5] ^= 1;
  write_file(values, changed);
  EXPECT_FALSE(embed().from_cache);
  for (const std::string& text : {std::string(), std::string("{"), std::string("[]"),
                                  std::string(R"({"format": "1"})"), good_record.substr(0, 40)}) {
    write_file(record, text);
    const EmbeddedImages again = embed();
    EXPECT_FALSE(again.from_cache) << text;
    expect_right(again);
  }
  std::filesystem::remove(values);
  EXPECT_FALSE(embed().from_cache);
  std::filesystem::remove(record);
  EXPECT_FALSE(embed().from_cache);
  EXPECT_TRUE(embed().from_cache);
}

TEST_F(EmbedImages, ACopiedCacheIsKnownByItsHash) {
  embed();
  const auto values = only(".npy");
  std::filesystem::last_write_time(
      values, std::filesystem::last_write_time(values) + std::chrono::hours(1));
  EXPECT_TRUE(embed().from_cache);
}

/// Any changed byte, also under an unchanged time stamp, is found and never used.
TEST_F(EmbedImages, FindsEveryFlippedBit) {
  embed();
  const auto values = only(".npy"), record = only(".json");
  const std::string good_values = read_text(values), good_record = read_text(record);
  Generator generator(3);
  const auto flip = [&](const std::filesystem::path& path, std::string content) {
    const auto before = std::filesystem::last_write_time(path);
    const std::size_t at = generator.below(content.size());
    content[at] = static_cast<char>(content[at] ^ (1 << generator.below(8)));
    write_file(path, content);
    std::filesystem::last_write_time(path, before);
    return at;
  };
  for (int round = 0; round < 30; ++round) {
    const std::size_t at = flip(values, good_values);
    const EmbeddedImages again = embed();
    // A header of other spaces is the same header.
    if (at >= 128) {
      EXPECT_FALSE(again.from_cache) << at;
      EXPECT_THAT(again.damage, testing::HasSubstr(values.string() + ": rows "));
    }
    expect_right(again);
    write_file(values, good_values);
    write_file(record, good_record);
    flip(record, good_record);
    expect_right(embed());
    write_file(values, good_values);
    write_file(record, good_record);
  }
  EXPECT_TRUE(embed().from_cache);
}

TEST_F(EmbedImages, ResumesWhereItStopped) {
  const std::string whole = read_text(embed().file.path());
  options.fresh = true;
  embed_until(1100);
  options.fresh = false;
  std::filesystem::remove(only(".npy"));
  const EmbeddedImages resumed = embed();
  EXPECT_FALSE(resumed.from_cache);
  EXPECT_LT(encoder.encoded, 500u);
  EXPECT_EQ(read_text(resumed.file.path()), whole);
}

TEST_F(EmbedImages, ResumesAfterAKillBetweenRecords) {
  // Rows behind the last record were written, but nothing vouches for them.
  embed_until(1100);
  {
    std::ofstream partial(only(".partial"), std::ios::app);
    partial << "half a row";
  }
  const EmbeddedImages resumed = embed();
  EXPECT_LT(encoder.encoded, 500u);
  expect_right(resumed);
}

TEST_F(EmbedImages, DoesNotMixTwoFits) {
  embed_until(1100);
  encoder.axis = 5;  // as if another machine had rounded k-means differently
  const EmbeddedImages result = embed();
  EXPECT_GE(encoder.encoded, images.size());
  expect_right(result);
}

TEST_F(EmbedImages, DistrustsADamagedPartialFile) {
  embed_until(1100);
  {
    std::fstream partial(only(".partial"), std::ios::in | std::ios::out);
    partial.seekp(300);
    partial << "x";
  }
  const EmbeddedImages result = embed();
  EXPECT_GE(encoder.encoded, images.size());
  expect_right(result);
}

TEST_F(EmbedImages, BrokenImagesAreRefusedByName) {
  images.broken = {1300, 1301};
  expect_error([&] { embed(); }, "[image 1300] cannot be decoded: is cut off; skip broken images");
  // What was embedded before is not lost once they are skipped.
  options.broken_images = BrokenImages::kSkip;
  const EmbeddedImages skipped = embed();
  EXPECT_LT(encoder.encoded, 300u);
  EXPECT_EQ(skipped.broken, (std::vector<Index>{1300, 1301}));
  EXPECT_EQ(skipped.broken_reasons[1], "[image 1301] is cut off");
  expect_right(skipped);

  const EmbeddedImages cached = embed();
  EXPECT_TRUE(cached.from_cache);
  EXPECT_EQ(cached.broken, skipped.broken);
  EXPECT_EQ(cached.broken_reasons, skipped.broken_reasons);
  options.broken_images = BrokenImages::kRefuse;
  expect_error([&] { embed(); }, "[image 1300] cannot be decoded");
}

TEST_F(EmbedImages, MoreThanHalfBrokenIsRefusedAnyway) {
  options.broken_images = BrokenImages::kSkip;
  for (std::size_t i = 0; i < 750; ++i) images.broken.insert(i);
  EXPECT_EQ(embed().broken.size(), 750u);
  images.broken.insert(750);
  fingerprint = "worse data";
  expect_error([&] { embed(); }, "of 1500 images, expected at most half");
}

TEST_F(EmbedImages, EmbeddingsThatAreNotNumbersAreRefused) {
  encoder.poison = -1e9f;
  expect_error([&] { embed(); }, "[image 0] got nan in dimension 1");
}

TEST_F(EmbedImages, OneWriterAtATime) {
  embed_until(200);
  const PartialFile other(only(".partial"));
  expect_error([&] { embed(); }, "is being written by another process");
}

TEST_F(EmbedImages, RefusesNoImagesAndDescriptionsThatAreNotJson) {
  const MadeImages none(0);
  expect_error([&] { embed_images(encoder, none, "x", {}, options, workers); },
               "expected images to embed");
  encoder.setting = "oops";
  expect_error([&] { embed(); }, "expected a JSON object");
}

TEST_F(EmbedImages, AFolderThatCannotBeMade) {
  write_file(folder / "file", "");
  options.cache_folder = folder / "file" / "cache";
  expect_error([&] { embed_images(encoder, images, "x", fit_on, options, workers); }, "file");
}

TEST_F(EmbedImages, DiskFullIsAClearErrorAndLosesNothing) {
  // A limit on the size of files answers as a full disk does, but for the reason.
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {4, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  PartialFile file(folder / "full");
  const std::vector<std::byte> bytes(8);
  expect_error([&] { file.write(0, bytes); }, "full] cannot write: File too large");
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
}

TEST_F(EmbedImages, ALinkIsNotWrittenThrough) {
  std::filesystem::create_symlink(folder / "elsewhere", folder / "link");
  expect_error([&] { PartialFile(folder / "link"); }, "link] cannot write");
  EXPECT_FALSE(std::filesystem::exists(folder / "elsewhere"));
}

TEST_F(EmbedImages, PatchesAreTheSameFromACacheAndResumed) {
  PatchesOptions small;
  small.dim = 4;
  small.centroids = 8;
  small.patches = 400;
  small.pca_images = 50;
  small.kmeans_iterations = 2;
  const auto patches = make_patches_encoder(small);
  const MadeImages few(300, 8, 8);
  options.cache_folder = folder.path();
  const auto run = [&](const Progress& progress = {}) {
    return embed_images(*patches, few, "few", fit_on, options, workers, progress);
  };
  const std::string whole = read_text(run().file.path());
  options.fresh = true;
  Progress progress;
  std::size_t at = 0;
  progress.report = [&](std::size_t done, std::size_t) { at = done; };
  progress.stop = [&] { return at >= 128; };
  EXPECT_THROW(run(progress), Cancelled);
  options.fresh = false;
  std::filesystem::remove(only(".npy"));
  EXPECT_EQ(read_text(run().file.path()), whole);
}

}  // namespace
}  // namespace goldpan
