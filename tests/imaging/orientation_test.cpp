#include "imaging/orientation.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <webp/encode.h>

#include <goldpan/imaging/image_file.hpp>

#include "expect_error.hpp"
#include "imaging/made_files.hpp"

namespace goldpan {
namespace {

/// EXIF data of one entry, the orientation, in either byte order.
std::string exif(int orientation, bool big) {
  const auto number = [&](std::uint32_t value, int size) {
    std::string text;
    for (int i = 0; i < size; ++i) {
      text += static_cast<char>(value >> (8 * (big ? size - 1 - i : i)) & 0xFF);
    }
    return text;
  };
  return (big ? std::string("MM") : std::string("II")) + number(42, 2) + number(8, 4) +
         number(2, 2) +                                                    // entries
         number(0x0100, 2) + number(3, 2) + number(1, 4) + number(9, 4) +  // another one
         number(0x0112, 2) + number(3, 2) + number(1, 4) +
         number(static_cast<std::uint32_t>(orientation), 2) + number(0, 2) + number(0, 4);
}

/// Puts an EXIF segment behind a JPEG's first two bytes.
std::string with_exif(const std::string& jpeg, const std::string& tiff) {
  const std::string body = std::string("Exif\0\0", 6) + tiff;
  const std::size_t size = body.size() + 2;
  return jpeg.substr(0, 2) + "\xFF\xE1" + static_cast<char>(size >> 8) +
         static_cast<char>(size & 0xFF) + body + jpeg.substr(2);
}

/// Where the tag's eight values put the stored picture's upper left, upper right and lower left
/// corners in the upright picture (JEITA CP-3451, table 6), as (right, bottom) flags.
TEST(Orientation, EachValuePutsCornersWhereTheStandardSays) {
  // 2 wide, 3 high: a b / c d / e f.
  const Image stored{2, 3, {'a', 0, 0, 'b', 0, 0, 'c', 0, 0, 'd', 0, 0, 'e', 0, 0, 'f', 0, 0}};
  const std::array<const char*, 9> expected = {"abcdef", "abcdef", "badcfe", "fedcba", "efcdab",
                                               "acebdf", "ecafdb", "fdbeca", "bdface"};
  for (int value = 0; value <= 8; ++value) {
    const Image turned = upright(stored, value);
    EXPECT_EQ(turned.width, value >= 5 ? 3 : 2);
    std::string letters;
    for (std::size_t i = 0; i < turned.pixels.size(); i += 3) {
      letters += static_cast<char>(turned.pixels[i]);
    }
    EXPECT_EQ(letters, expected[static_cast<std::size_t>(value)]) << value;
  }
}

TEST(Orientation, IsReadInBothByteOrdersAndIsUprightWhereDamaged) {
  for (const bool big : {false, true}) {
    for (int value = 1; value <= 8; ++value) {
      EXPECT_EQ(exif_orientation(as_bytes(exif(value, big))), value);
    }
    EXPECT_EQ(exif_orientation(as_bytes(exif(9, big))), 1);
    const std::string whole = exif(6, big);
    for (std::size_t size = 0; size < whole.size() - 6; ++size) {
      EXPECT_EQ(exif_orientation(as_bytes(whole.substr(0, size))), 1) << size;
    }
  }
  Generator generator(3);
  for (int i = 0; i < 2000; ++i) {
    const int value = exif_orientation(as_bytes(damage(exif(5, i % 2 == 0), generator)));
    EXPECT_TRUE(value >= 1 && value <= 8);
  }
}

TEST(Orientation, AJpegStandsUpright) {
  const Image picture = make_image(40, 24);
  const std::string jpeg = make_jpeg(picture, JpegKind::kColour);
  const Image plain = decode_image(as_bytes(jpeg), "a.jpg");
  for (const int value : {1, 3, 6, 8}) {
    const Image turned = decode_image(as_bytes(with_exif(jpeg, exif(value, true))), "a.jpg");
    const Image expected = upright(plain, value);
    EXPECT_EQ(turned.width, value >= 5 ? 24 : 40);
    EXPECT_EQ(turned.pixels, expected.pixels);
  }
}

std::string lossless_webp(const Image& image) {
  std::uint8_t* bytes = nullptr;
  const std::size_t size = WebPEncodeLosslessRGB(image.pixels.data(), image.width, image.height,
                                                 image.width * 3, &bytes);
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  WebPFree(bytes);
  return text;
}

TEST(WebP, LosslessPixelsComeBack) {
  const Image picture = make_image(37, 21);
  const Image decoded = decode_image(as_bytes(lossless_webp(picture)), "a.webp");
  EXPECT_EQ(decoded.width, 37);
  EXPECT_EQ(decoded.pixels, picture.pixels);
}

TEST(WebP, TransparentPixelsLieOverWhite) {
  const std::vector<std::uint8_t> rgba = {10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 128};
  std::uint8_t* bytes = nullptr;
  const std::size_t size = WebPEncodeLosslessRGBA(rgba.data(), 3, 1, 12, &bytes);
  const std::string file(reinterpret_cast<const char*>(bytes), size);
  WebPFree(bytes);
  const Image image = decode_image(as_bytes(file), "a.webp");
  EXPECT_EQ(image.pixels, (std::vector<std::uint8_t>{10, 20, 30, 255, 255, 255, 127, 127, 127}));
}

TEST(WebP, DamageIsAnErrorThatNamesTheFile) {
  const std::string whole = lossless_webp(make_image(64, 64));
  expect_error([&] { decode_image(as_bytes(whole.substr(0, whole.size() / 2)), "cut.webp"); },
               "[cut.webp] ");
  Generator generator(5);
  for (int i = 0; i < 500; ++i) {
    try {
      decode_image(as_bytes(damage(whole, generator)), "a.webp");
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace goldpan
