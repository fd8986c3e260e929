#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/imaging/resize.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

/// Noise, the worst case for an antialiasing filter: the upper bytes of a linear congruential
/// generator, which the Python script that made the pins below can repeat.
Image noise(int width, int height) {
  Image image{width, height, {}};
  image.pixels.resize(static_cast<std::size_t>(width * height * 3));
  std::uint32_t state = 12345;
  for (std::uint8_t& value : image.pixels) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<std::uint8_t>(state >> 24);
  }
  return image;
}

std::string hash(const Image& image) {
  return Sha256().update(std::as_bytes(std::span(image.pixels))).hex();
}

// Made with Pillow 13.0.0: Image.fromarray(noise).resize(size, Image.BICUBIC).
TEST(Resize, GivesThePixelsOfPil) {
  EXPECT_EQ(resize_bicubic(noise(7, 5), 3, 2).pixels,
            (std::vector<std::uint8_t>{96, 130, 140, 127, 69, 172, 101, 172, 185, 113, 186, 114,
                                       127, 147, 122, 148, 118, 187}));
  EXPECT_EQ(resize_bicubic(noise(2, 3), 4, 5).pixels,
            (std::vector<std::uint8_t>{
                0,   0,  149, 30,  46,  113, 125, 196, 41,  174, 255, 5,   36,  59,  148,
                71,  76, 130, 150, 131, 95,  191, 159, 77,  119, 151, 149, 141, 113, 160,
                185, 37, 182, 207, 0,   193, 213, 67,  165, 197, 65,  183, 161, 61,  220,
                143, 59, 238, 255, 0,   175, 226, 29,  195, 141, 88,  235, 98,  116, 255}));
  EXPECT_EQ(hash(resize_bicubic(noise(640, 360), 455, 256)),
            "7c15c0ee736dbd2bbc26d15504abacceece4486eeb4cbbad77893dd928bd174c");
  EXPECT_EQ(hash(resize_bicubic(noise(101, 77), 64, 91)),
            "0a27f233a8241546abd1cbaf1649d6ac0ae31b1d3a6da5f5fabad35138835f5b");
  EXPECT_EQ(hash(resize_bicubic(noise(200, 150), 1, 1)),
            "79a3837141c281bf2f9d2928dd77af7b60bd7dc72be94947eaaa50d11eddec88");
  EXPECT_EQ(hash(resize_bicubic(noise(33, 20), 33, 9)),
            "a8b43456debe1eb13ecb65d35786469015339d1dd727b5a78d615c6891734aea");
}

// Made with Pillow 13.0.0, as above.
TEST(Resize, GivesThePixelsOfPilForItsOtherFilters) {
  EXPECT_EQ(hash(resize(noise(640, 360), 455, 256, ResizeFilter::kBilinear)),
            "55eedc4959bb36284ba3f3c353c5000a1fe789e3382ef467d6eceaec9d79d796");
  EXPECT_EQ(hash(resize(noise(101, 77), 64, 91, ResizeFilter::kBilinear)),
            "6a10e4375be0d2e293b8d0a32a140b67d1d59dba1b490d2235825a6935d0f57b");
  EXPECT_EQ(hash(resize(noise(200, 150), 3, 2, ResizeFilter::kBilinear)),
            "1592b6b161906440a753cb423b01e5bfbc72ab507defedbcaa6c9f908a6af104");
  EXPECT_EQ(hash(resize(noise(33, 20), 120, 90, ResizeFilter::kBilinear)),
            "b79636817bc80aef5ecb9ca3953237b236917f9e8ed2ca0faf5f70299c11f953");
  EXPECT_EQ(hash(resize(noise(640, 360), 455, 256, ResizeFilter::kLanczos)),
            "ecf41ebc6e431edb853829658b324a10d86d735f1eafc8190ef4ccfdf5a3145b");
  EXPECT_EQ(hash(resize(noise(101, 77), 64, 91, ResizeFilter::kLanczos)),
            "5cf403eb34dd4659eb153a645c76e36996abf1cd302f2a87c10598a17e96193a");
  EXPECT_EQ(hash(resize(noise(200, 150), 3, 2, ResizeFilter::kLanczos)),
            "3ecee115d2f7d0b9baceeebaf2b1ace528c922d291ea8147490278f375964e0a");
  EXPECT_EQ(hash(resize(noise(33, 20), 120, 90, ResizeFilter::kLanczos)),
            "372d2f516f644f373483d11fa778cb1577b5eb33a9b8ed1fb87240822d53e2bb");
}

// Pillow 13 shrinks portraits by the vertical pass first; we do as all before it did (Pillow 12.3
// made these two). Noise tells the orders apart.
TEST(Resize, ShrinksAcrossFirst) {
  EXPECT_EQ(hash(resize_bicubic(noise(40, 90), 32, 72)),
            "0e3c76aaa4127203e5d820e44d15546893b37b34faf32e3655b64d5926163f24");
  EXPECT_EQ(hash(resize_bicubic(noise(40, 90), 32, 40)),
            "210febbea28defb35a9c14dd350958bc81872c96eeab359c75526bbc941167b2");
}

// As above, then cropped with floor((length - 224) / 2), as transformers' BitImageProcessor does.
TEST(Resize, ScalesAndCropsAsPublished) {
  EXPECT_EQ(hash(resize_and_crop(noise(640, 360), 256, 224)),
            "6ff16c4193b4710c5ccbeed3b5a1bd125cdd000a5cab3fd76d548bc74c121e35");
  EXPECT_EQ(hash(resize_and_crop(noise(360, 641), 256, 224)),
            "91763988f7809db47887635f4eab80270ed5384c6800d0d1c83dba32ebb0e7a4");
  EXPECT_EQ(hash(resize_and_crop(noise(255, 300), 256, 224)),
            "225e44572218c8e1dd2a36bee1b07847853c93756f8b90a619aaf822889f0ffe");
}

TEST(Resize, KeepsWhatIsAlreadyRight) {
  const Image image = noise(19, 23);
  EXPECT_EQ(resize_bicubic(image, 19, 23).pixels, image.pixels);
  const Image flat{9, 4, std::vector<std::uint8_t>(9 * 4 * 3, 201)};
  EXPECT_EQ(resize_bicubic(flat, 31, 2).pixels, std::vector<std::uint8_t>(31 * 2 * 3, 201));
  EXPECT_EQ(resize_bicubic(noise(1, 1), 2, 1).pixels.size(), 6u);
}

TEST(Resize, CropIsAPartOfTheWhole) {
  Generator generator(3);
  for (int round = 0; round < 20; ++round) {
    const int width = 1 + static_cast<int>(generator.below(60));
    const int height = 1 + static_cast<int>(generator.below(60));
    const int shorter = 1 + static_cast<int>(generator.below(40));
    const int crop = 1 + static_cast<int>(generator.below(static_cast<std::uint64_t>(shorter)));
    const Image image = noise(width, height);
    const bool wide = width > height;
    const Image whole = resize_bicubic(image, wide ? shorter * width / height : shorter,
                                       wide ? shorter : shorter * height / width);
    const Image part = resize_and_crop(image, shorter, crop);
    const int left = (whole.width - crop) / 2, top = (whole.height - crop) / 2;
    for (int y = 0; y < crop; ++y) {
      for (int x = 0; x < crop * 3; ++x) {
        ASSERT_EQ(part.pixels[static_cast<std::size_t>(y * crop * 3 + x)],
                  whole.pixels[static_cast<std::size_t>(((top + y) * whole.width + left) * 3 + x)]);
      }
    }
  }
}

TEST(Resize, RefusesEmptyImages) {
  expect_error([] { resize_bicubic(Image{}, 3, 3); }, "0 x 0 pixels");
  expect_error([] { resize_bicubic(noise(2, 2), 3, 0); }, "size 3 x 0");
  expect_error([] { resize_and_crop(Image{}, 4, 4); }, "0 x 0 pixels");
  expect_error([] { resize_and_crop(noise(100'000, 1), 256, 224); }, "too narrow");
}

TEST(Resize, NormalisesIntoPlanes) {
  const Image image{2, 1, {0, 51, 255, 102, 255, 0}};
  std::vector<float> planes(6);
  normalise(image, kImageNetStatistics, planes);
  const auto expected = [](float value, std::size_t channel) {
    return (value - kImageNetStatistics.mean[channel]) / kImageNetStatistics.deviation[channel];
  };
  EXPECT_FLOAT_EQ(planes[0], expected(0.0f, 0));
  EXPECT_FLOAT_EQ(planes[1], expected(0.4f, 0));
  EXPECT_FLOAT_EQ(planes[2], expected(0.2f, 1));
  EXPECT_FLOAT_EQ(planes[3], expected(1.0f, 1));
  EXPECT_FLOAT_EQ(planes[4], expected(1.0f, 2));
  EXPECT_FLOAT_EQ(planes[5], expected(0.0f, 2));
}

}  // namespace
}  // namespace goldpan
