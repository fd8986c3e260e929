#include <atomic>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/imaging/resize.hpp>
#include <goldpan/imaging/resized_images.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

/// Four images of different sizes; the last is broken.
class FourImages final : public ImageSource {
 public:
  std::size_t size() const override { return 4; }
  Image load(std::size_t index, int min_side) const override {
    ++loads;
    if (index == 3) throw Error(location(index), "is not an image");
    EXPECT_EQ(min_side, 16);
    const int width = 8 + 4 * static_cast<int>(index);
    Image image{width, 8, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * 8 * 3)};
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      image.pixels[i] = static_cast<std::uint8_t>(i * (index + 3));
    }
    return image;
  }
  std::string location(std::size_t index) const override { return std::to_string(index) + ".png"; }
  mutable std::atomic<int> loads = 0;
};

TEST(ResizedImages, DecodesOnceAndGivesSquares) {
  const auto source = std::make_shared<FourImages>();
  const ResizedImages images(source, 8);
  EXPECT_EQ(images.size(), 4u);
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(images.load(i).pixels, resize_and_crop(source->load(i, 16), 8, 8).pixels);
    }
  }
  EXPECT_EQ(source->loads, 9 + 3);  // the reference's nine, and one for each image
  EXPECT_EQ(images.location(2), "2.png");
  expect_error([&] { images.load(3); }, "3.png");
}

TEST(ResizedImages, KeepsNoMoreThanItMay) {
  const auto source = std::make_shared<FourImages>();
  const ResizedImages images(source, 8, 2 * 8 * 8 * 3);
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < 3; ++i) images.load(i);
  }
  EXPECT_EQ(source->loads, 3 + 1);
}

TEST(ResizedImages, ServesManyThreads) {
  const auto source = std::make_shared<FourImages>();
  const ResizedImages images(source, 8);
  const Image first = images.load(0);
  Workers workers(4);
  workers.run(300, [&](std::size_t i) {
    const Image image = images.load(i % 3);
    if (i % 3 == 0) {
      EXPECT_EQ(image.pixels, first.pixels);
    }
  });
}

}  // namespace
}  // namespace goldpan
