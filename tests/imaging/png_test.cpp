#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/imaging/image_file.hpp>

#include "expect_error.hpp"
#include "imaging/made_files.hpp"

namespace goldpan {
namespace {

using Pixels = std::vector<std::uint8_t>;

constexpr int kGrey = 0, kRgb = 2, kPalette = 3, kGreyAlpha = 4, kRgba = 6;

Image decode(const std::string& file) { return decode_image(as_bytes(file), "picture.png"); }

PngLayout layout(int width, int height, int bits, int colour_type) {
  PngLayout layout;
  layout.width = width;
  layout.height = height;
  layout.bits = bits;
  layout.colour_type = colour_type;
  return layout;
}

TEST(Png, KeepsRgbExactly) {
  const Image image = make_image(13, 7);
  PngLayout rgb = layout(13, 7, 8, kRgb);
  EXPECT_EQ(decode(make_png(rgb, image.pixels)).pixels, image.pixels);
  rgb.interlaced = true;
  const Image interlaced = decode(make_png(rgb, image.pixels));
  EXPECT_EQ(interlaced.pixels, image.pixels);
  EXPECT_EQ(interlaced.width, 13);
  EXPECT_EQ(interlaced.height, 7);
}

TEST(Png, SpreadsGreyOverAllChannels) {
  EXPECT_EQ(decode(make_png(layout(2, 1, 8, kGrey), {10, 200})).pixels,
            (Pixels{10, 10, 10, 200, 200, 200}));
  // One bit: 1 is white.
  EXPECT_EQ(decode(make_png(layout(2, 1, 1, kGrey), {0x40})).pixels,
            (Pixels{0, 0, 0, 255, 255, 255}));
}

TEST(Png, RoundsSixteenBitsToEight) {
  // 0x8080 is 128 of 255 exactly; 0x00FF is 0.99 and rounds to 1, where cutting would give 0.
  EXPECT_EQ(decode(make_png(layout(1, 1, 16, kRgb), {0x80, 0x80, 0x00, 0xFF, 0xFF, 0xFF})).pixels,
            (Pixels{128, 1, 255}));
  EXPECT_EQ(decode(make_png(layout(1, 1, 16, kGrey), {0x80, 0x80})).pixels,
            (Pixels{128, 128, 128}));
}

TEST(Png, LooksUpPalettes) {
  PngLayout palette = layout(3, 1, 8, kPalette);
  palette.palette = {255, 0, 0, 0, 255, 0, 1, 2, 3};
  EXPECT_EQ(decode(make_png(palette, {2, 0, 1})).pixels, (Pixels{1, 2, 3, 255, 0, 0, 0, 255, 0}));
  palette.transparency = {255, 0, 255};  // the green entry is invisible
  EXPECT_EQ(decode(make_png(palette, {2, 0, 1})).pixels,
            (Pixels{1, 2, 3, 255, 0, 0, 255, 255, 255}));
}

TEST(Png, LaysTransparentPixelsOverWhite) {
  EXPECT_EQ(
      decode(make_png(layout(3, 1, 8, kRgba), {9, 9, 9, 0, 9, 8, 7, 255, 0, 100, 255, 51})).pixels,
      (Pixels{255, 255, 255, 9, 8, 7, 204, 224, 255}));
  EXPECT_EQ(decode(make_png(layout(1, 1, 8, kGreyAlpha), {0, 128})).pixels,
            (Pixels{127, 127, 127}));
}

TEST(Png, RefusesDamage) {
  const std::string file = make_png(layout(40, 30, 8, kRgb), make_image(40, 30).pixels);
  expect_error([&] { decode(file.substr(0, file.size() / 2)); },
               "[picture.png] corrupt PNG data: the file ends early");
  std::string flipped = file;
  flipped[file.size() / 2] = static_cast<char>(flipped[file.size() / 2] ^ 1);
  expect_error([&] { decode(flipped); }, "[picture.png] corrupt PNG data: ");
  expect_error([&] { decode(file.substr(0, 20)); }, "corrupt PNG data");
}

// Deflate shrinks a thousand times at most, so that a small file cannot hold a large image.
TEST(Png, RefusesASizeThatTheFileCannotHold) {
  const PngLayout large = layout(4000, 3000, 1, kGrey);
  const std::string file = make_png(large, std::vector<std::uint8_t>(500 * 3000));
  EXPECT_EQ(decode(file).height, 3000);  // honest, if empty
  expect_error([&] { decode(file.substr(0, 200)); }, "claims 4000x3000 pixels");
}

}  // namespace
}  // namespace goldpan
