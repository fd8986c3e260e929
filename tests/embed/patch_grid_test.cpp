#include "embed/patch_grid.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "embed/made_images.hpp"
#include "embed/shrink.hpp"
#include "expect_error.hpp"
#include "reference/patches.hpp"

namespace goldpan {
namespace {

TEST(Shrink, AveragesThePixelsCovered) {
  // 3 x 1 to 2 x 1: each new pixel covers one and a half old ones.
  const Image image{3, 1, {0, 0, 30, 90, 60, 30, 240, 240, 30}};
  const Image small = resample_by_area(image, 2, 1);
  EXPECT_EQ(small.pixels, (std::vector<std::uint8_t>{30, 20, 30, 190, 180, 30}));
}

TEST(Shrink, KeepsAFlatPictureFlatAtAnySize) {
  const Image image{7, 5, std::vector<std::uint8_t>(7 * 5 * 3, 77)};
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 4}, {7, 2}, {20, 9}}) {
    const Image other = resample_by_area(image, width, height);
    ASSERT_EQ(other.pixels.size(), static_cast<std::size_t>(width * height * 3));
    for (const auto value : other.pixels) EXPECT_EQ(value, 77);
  }
}

TEST(Shrink, ByAWholeFactorIsTheMeanOfBlocks) {
  const Image image = made_image(12, 8, 1);
  const Image half = resample_by_area(image, 6, 4);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 6; ++x) {
      int sum = 0;
      for (const int at : {0, 3, 36, 39}) {
        sum += image.pixels[static_cast<std::size_t>(y * 72 + x * 6 + at)];
      }
      EXPECT_NEAR(half.pixels[static_cast<std::size_t>((y * 6 + x) * 3)], sum / 4.0, 0.51);
    }
  }
}

TEST(PatchPicture, ShrinksTheShorterSideAndKeepsTheShape) {
  const auto size = [](int width, int height) {
    const Image picture = patch_picture(made_image(width, height, 2));
    return std::pair(picture.width, picture.height);
  };
  EXPECT_EQ(size(32, 32), std::pair(32, 32));
  EXPECT_EQ(size(28, 28), std::pair(28, 28));   // small ones are taken as they are
  EXPECT_EQ(size(128, 72), std::pair(57, 32));  // a frame of a film
  EXPECT_EQ(size(64, 640), std::pair(32, 64));  // no longer than twice the shorter side
  EXPECT_EQ(size(20, 300), std::pair(20, 64));
  EXPECT_EQ(size(1, 2), std::pair(7, 7));  // each quadrant holds a patch
}

TEST(PatchPicture, RefusesAnEmptyImage) {
  expect_error([] { patch_picture(Image{}); }, "0 x 0");
  expect_error([] { patch_picture(Image{4, 4, std::vector<std::uint8_t>(16)}); }, "16 bytes");
}

TEST(PatchGrid, MiddleColumnStandsAlone) {
  const PatchGrid even(Image{7, 8, {}});  // 2 x 3 patches
  EXPECT_EQ(even.parts(), (std::vector<std::uint8_t>{0, 2, 3, 5, 3, 5}));
  const PatchGrid odd(Image{8, 7, {}});  // 3 x 2 patches
  EXPECT_EQ(odd.parts(), (std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5}));
}

TEST(WritePatch, AgreesWithTheObviousOne) {
  const Image image = made_image(11, 9, 3);
  std::vector<float> patch(kPatchValues);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 6; ++x) {
      write_patch(image, static_cast<std::size_t>(x), static_cast<std::size_t>(y), patch);
      const auto expected = reference::patch(image, x, y);
      for (std::size_t i = 0; i < patch.size(); ++i) ASSERT_NEAR(patch[i], expected[i], 1e-5);
    }
  }
}

TEST(WritePatch, OfAFlatPictureIsZero) {
  std::vector<float> patch(kPatchValues, 1.0f);
  write_patch(Image{6, 6, std::vector<std::uint8_t>(108, 255)}, 0, 0, patch);
  for (const float value : patch) EXPECT_EQ(value, 0.0f);
}

TEST(MirroredValue, IsItsOwnInverseAndKeepsChannels) {
  for (std::size_t i = 0; i < kPatchValues; ++i) {
    EXPECT_EQ(mirrored_value(mirrored_value(i)), i);
    EXPECT_EQ(mirrored_value(i) % 3, i % 3);
  }
  EXPECT_EQ(mirrored_value(0), 15u);  // first red of the first line: the last one
}

}  // namespace
}  // namespace goldpan
