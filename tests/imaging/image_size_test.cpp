#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>
#include <goldpan/imaging/image_file.hpp>
#include <goldpan/imaging/image_size.hpp>

#include "expect_error.hpp"
#include "imaging/made_files.hpp"

namespace goldpan {
namespace {

TEST(ImageSize, IsThatOfTheDecodedImage) {
  for (const auto& [width, height] : {std::pair(48, 40), std::pair(1, 7), std::pair(300, 2)}) {
    const Image image = make_image(width, height);
    for (const JpegKind kind : {JpegKind::kColour, JpegKind::kProgressive, JpegKind::kGrey}) {
      EXPECT_EQ(image_size(as_bytes(make_jpeg(image, kind)), "a"), std::pair(width, height));
    }
    EXPECT_EQ(image_size(as_bytes(encode_jpeg(image)), "a"), std::pair(width, height));
  }
}

TEST(ImageSize, RefusesWhatIsNoImage) {
  expect_error([] { image_size(as_bytes("<html><body>"), "a"); }, "expected a JPEG or PNG");
  expect_error([] { image_size(as_bytes(""), "a"); }, "expected a JPEG or PNG");
  expect_error([] { image_size(as_bytes("\xFF\xD8\xFF"), "a"); }, "is cut off");
}

TEST(ImageSize, DamagedFilesAreErrorsOrSizes) {
  Generator generator(3);
  const std::string good = encode_jpeg(make_image(48, 40));
  for (int round = 0; round < 3000; ++round) {
    const std::string damaged = damage(good, generator);
    try {
      const auto [width, height] = image_size(as_bytes(damaged), "a");
      EXPECT_GT(width, 0);
      EXPECT_GT(height, 0);
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace goldpan
