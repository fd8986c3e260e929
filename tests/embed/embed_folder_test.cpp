#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/embed/embed_folder.hpp>
#include <goldpan/embed/patches.hpp>

#include "embed/made_images.hpp"
#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

class EmbedFolderTest : public testing::Test {
 protected:
  EmbedFolderTest() {
    for (std::size_t i = 0; i < images.size(); ++i) ids.push_back("frame " + std::to_string(i));
    fit_on.resize(images.size());
    std::iota(fit_on.begin(), fit_on.end(), Index{0});
    options.out = folder / "out";
  }
  static std::unique_ptr<Encoder> patches() {
    return make_patches_encoder(
        {.dim = 5, .centroids = 16, .patches = 2000, .pca_images = 100, .kmeans_iterations = 2});
  }
  EmbeddedFolder embed(Encoder& encoder, const Progress& progress = {}) {
    return embed_into_folder(encoder, {images, ids, "made:140", "print", fit_on}, options, workers,
                             progress);
  }

  TemporaryFolder folder;
  MadeImages images{140, 32, 32};
  std::vector<std::string> ids;
  std::vector<Index> fit_on;
  EmbedFolderOptions options;
  Workers workers{2};
};

TEST_F(EmbedFolderTest, WritesRowsIdsAndWhatWasSkipped) {
  images.broken = {0, 77};
  const auto encoder = patches();
  const EmbeddedFolder result = embed(*encoder);
  EXPECT_EQ(result.kept.size(), 138u);
  EXPECT_EQ(result.skipped, (std::vector<Index>{0, 77}));
  const NpyFile file(options.out / "embeddings.npy");
  ASSERT_EQ(file.shape(), (std::vector<std::size_t>{138, 5}));
  // Row 76 is image 78, since two before it are missing.
  const std::vector<Image> one = {images.load(78, 0)};
  Matrix<float> expected(1, 5);
  encoder->encode(one, expected, workers);
  for (std::size_t k = 0; k < 5; ++k) EXPECT_EQ(file.matrix()(76, k), expected(0, k));
  EXPECT_TRUE(read_text(options.out / "ids.txt").starts_with("frame 1\nframe 2\n"));
  EXPECT_EQ(read_text(options.out / "skipped.csv"),
            "id,location,reason\nframe 0,image 0,[image 0] is cut off\n"
            "frame 77,image 77,[image 77] is cut off\n");
  EXPECT_EQ(read_folder_settings(options.out).spec, "made:140");
  EXPECT_FALSE(std::filesystem::exists(options.out / ".unfinished"));
  EXPECT_TRUE(embed(*patches()).was_complete);
}

TEST_F(EmbedFolderTest, RefusesBrokenImagesWhereThatIsAskedFor) {
  images.broken = {3};
  options.broken_images = BrokenImages::kRefuse;
  expect_error([&] { embed(*patches()); }, "[image 3] cannot be decoded");
  EXPECT_FALSE(std::filesystem::exists(options.out / "settings.json"));
}

TEST_F(EmbedFolderTest, StoppedAndCalledAgainItGivesTheSameBytes) {
  embed(*patches());
  const std::string whole = read_text(options.out / "embeddings.npy"),
                    learned = read_text(options.out / "encoder.safetensors");
  options.out = folder / "stopped";
  Progress progress;
  bool enough = false;  // the first batch of 128 is done, the second is not
  progress.report = [&](std::size_t done, std::size_t total) { enough = done + 12 >= total; };
  progress.stop = [&] { return enough; };
  EXPECT_THROW(embed(*patches(), progress), Cancelled);
  EXPECT_FALSE(std::filesystem::exists(options.out / "settings.json"));
  embed(*patches());
  EXPECT_EQ(read_text(options.out / "embeddings.npy"), whole);
  EXPECT_EQ(read_text(options.out / "encoder.safetensors"), learned);
  // Killed after the last row and before the settings were written: what was learned comes again.
  std::filesystem::remove(options.out / "settings.json");
  std::filesystem::remove(options.out / "encoder.safetensors");
  embed(*patches());
  EXPECT_EQ(read_text(options.out / "encoder.safetensors"), learned);
}

TEST_F(EmbedFolderTest, TomorrowsImagesGoIntoYesterdaysSpace) {
  embed(*patches());
  MadeImages tomorrow(30, 40, 30);
  const auto first = patches();
  first->fit(images, fit_on, workers, {});
  const auto restored = patches();
  restore_from_folder(*restored, options.out);
  EXPECT_FALSE(restored->learns());
  std::vector<Image> batch;
  for (std::size_t i = 0; i < 30; ++i) batch.push_back(tomorrow.load(i, 0));
  Matrix<float> a(30, 5), b(30, 5);
  first->encode(batch, a, workers);
  restored->encode(batch, b, workers);
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)), 0);

  const auto other = make_patches_encoder({.dim = 6, .centroids = 16});
  expect_error([&] { restore_from_folder(*other, options.out); },
               "was embedded otherwise: dim was 5 and is now 6");
  expect_error([&] { restore_from_folder(*restored, folder / "nowhere"); }, "has no settings.json");
}

TEST_F(EmbedFolderTest, Float16IsTheNearestHalf) {
  embed(*patches());
  const NpyFile whole(options.out / "embeddings.npy");
  options.out = folder / "half";
  options.half = true;
  embed(*patches());
  const NpyFile half(options.out / "embeddings.npy");
  EXPECT_EQ(half.type(), "f2");
  for (std::size_t i = 0; i < 140; ++i) {
    for (std::size_t k = 0; k < 5; ++k) {
      EXPECT_EQ(to_float(half.embeddings().as_half()(i, k)),
                to_float(to_half(whole.matrix()(i, k))));
    }
  }
}

TEST_F(EmbedFolderTest, IdsAreLines) {
  ids[4] = "two\nlines";
  expect_error([&] { embed(*patches()); }, "[ids] got 'two\nlines', expected a line of text");
}

}  // namespace
}  // namespace goldpan
