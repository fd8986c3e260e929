#include <algorithm>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include <goldpan/imaging/image_file.hpp>

#include "expect_error.hpp"
#include "imaging/made_files.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

double mean_difference(const Image& a, const Image& b) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  if (a.pixels.size() != b.pixels.size()) return 255;
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

/// The mean over each block of `factor` x `factor` pixels: what decoding at reduced scale stands
/// for.
Image shrink(const Image& image, int factor) {
  Image small{image.width / factor, image.height / factor, {}};
  for (int y = 0; y < small.height; ++y) {
    for (int x = 0; x < small.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        int sum = 0;
        for (int dy = 0; dy < factor; ++dy) {
          for (int dx = 0; dx < factor; ++dx) {
            sum += image.pixels[static_cast<std::size_t>(
                ((y * factor + dy) * image.width + x * factor + dx) * 3 + c)];
          }
        }
        small.pixels.push_back(static_cast<std::uint8_t>(sum / (factor * factor)));
      }
    }
  }
  return small;
}

Image decode(const std::string& file, int min_side = 0) {
  return decode_image(as_bytes(file), "picture.jpg", min_side);
}

TEST(Jpeg, ReadsWhatItWrites) {
  const TemporaryFolder folder;
  const Image image = make_image(67, 41);
  write_jpeg(folder / "a.jpg", image, 95);
  EXPECT_LT(mean_difference(read_image(folder / "a.jpg"), image), 2);
  EXPECT_GT(encode_jpeg(image, 95).size(), encode_jpeg(image, 30).size());
  EXPECT_EQ(encode_jpeg(image, 95), encode_jpeg(image, 95));
}

TEST(Jpeg, DecodesProgressiveFiles) {
  const Image image = make_image(50, 30);
  EXPECT_LT(mean_difference(decode(make_jpeg(image, JpegKind::kProgressive)), image), 2);
}

TEST(Jpeg, SpreadsGreyOverAllChannels) {
  const Image image = make_image(24, 24);
  const Image grey = decode(make_jpeg(image, JpegKind::kGrey));
  for (std::size_t i = 0; i < grey.pixels.size(); i += 3) {
    ASSERT_EQ(grey.pixels[i], grey.pixels[i + 1]);
    ASSERT_EQ(grey.pixels[i], grey.pixels[i + 2]);
    ASSERT_NEAR(grey.pixels[i], image.pixels[i], 6);
  }
}

TEST(Jpeg, TurnsInkIntoLight) {
  const Image image = make_image(32, 32);
  EXPECT_LT(mean_difference(decode(make_jpeg(image, JpegKind::kCmyk)), image), 2);
  EXPECT_LT(mean_difference(decode(make_jpeg(image, JpegKind::kYcck)), image), 3);
}

TEST(Jpeg, RefusesChannelsOfUnknownMeaning) {
  const std::string file = make_jpeg(make_image(16, 16), JpegKind::kTwoChannels);
  expect_error([&] { decode(file); }, "[picture.jpg] has 2 colour channels of unknown meaning");
}

TEST(Jpeg, ShrinksAsFarAsTheShorterSideAllows) {
  const Image image = make_image(1280, 720);
  const std::string file = encode_jpeg(image, 90);
  const auto height = [&](int min_side) { return decode(file, min_side).height; };
  EXPECT_EQ(height(0), 720);
  EXPECT_EQ(height(-5), 720);
  EXPECT_EQ(height(90), 90);
  EXPECT_EQ(height(91), 180);
  EXPECT_EQ(height(256), 360);
  EXPECT_EQ(height(361), 720);
  EXPECT_EQ(height(5000), 720);
  EXPECT_EQ(decode(file, 256).width, 640);
  EXPECT_EQ(decode(make_jpeg(image, JpegKind::kCmyk), 256).width, 640);
  for (const int factor : {2, 4, 8}) {
    EXPECT_LT(mean_difference(decode(file, 720 / factor), shrink(image, factor)), 2) << factor;
  }
}

TEST(Jpeg, NeverShrinksBelowTheSideAskedFor) {
  for (int side = 1; side < 40; ++side) {
    const std::string file = encode_jpeg(make_image(side, side + 9), 80);
    for (int min_side = 1; min_side < 45; ++min_side) {
      const Image image = decode(file, min_side);
      ASSERT_GE(image.width, std::min(side, min_side)) << side;
    }
  }
}

// libjpeg fills what is missing with grey and only warns: such images once went into embeddings.
TEST(Jpeg, RefusesDataThatIsCutOff) {
  const std::string file = encode_jpeg(make_image(200, 100), 90);
  expect_error([&] { decode(file.substr(0, file.size() / 2)); },
               "[picture.jpg] corrupt JPEG data: premature end");
  expect_error([&] { decode(file.substr(0, file.size() - 2)); }, "corrupt JPEG data: ");
  expect_error([&] { decode(file.substr(0, 100)); }, "[picture.jpg]");
  expect_error([&] { decode(file.substr(0, 2)); }, "[picture.jpg]");
}

TEST(Jpeg, RefusesOverwrittenData) {
  std::string file = encode_jpeg(make_image(200, 100), 90);
  const std::size_t middle = file.size() / 2;
  std::fill(file.begin() + static_cast<long>(middle),
            file.begin() + static_cast<long>(middle) + 300, '\xFF');
  expect_error([&] { decode(file); }, "[picture.jpg] corrupt JPEG data: ");
}

TEST(Jpeg, RefusesASizeThatTheFileCannotHold) {
  std::string file = encode_jpeg(make_image(8, 8), 90);
  const std::size_t frame = file.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  file.replace(frame + 5, 4, "\x20\x00\x20\x00", 4);  // 8192 x 8192
  expect_error([&] { decode(file); }, "claims 8192x8192 pixels, which do not fit");
  file.replace(frame + 5, 4, "\xFF\x00\xFF\x00", 4);  // 65280 x 65280
  expect_error([&] { decode(file); }, "is 65280x65280 pixels, expected");
}

TEST(Jpeg, EncodesValidImagesOnly) {
  expect_error([] { encode_jpeg(Image{}); }, "image of 0x0 pixels");
  expect_error([] { encode_jpeg(Image{70000, 1, {}}); }, "70000x1");
  expect_error(
      [] {
        encode_jpeg(Image{2, 2, std::vector<std::uint8_t>(11)});
      },
      "11 bytes of pixels");
  expect_error([] { encode_jpeg(make_image(2, 2), 0); }, "quality 0, expected 1 to 100");
  expect_error([] { encode_jpeg(make_image(2, 2), 101); }, "quality 101");
  const TemporaryFolder folder;
  expect_error([&] { write_jpeg(folder / "no/such/folder.jpg", make_image(2, 2)); },
               "cannot write");
}

}  // namespace
}  // namespace goldpan
