#include "embed/patch_grid.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>

#include <goldpan/core/error.hpp>

#include "embed/shrink.hpp"

namespace goldpan {
namespace {

// Two patches along each side: one for each quadrant.
constexpr int kSmallestSide = kPatchSide + 1;
constexpr int kLongestSide = 2 * kShorterSide;

}  // namespace

Image patch_picture(const Image& image) {
  if (image.width <= 0 || image.height <= 0 ||
      image.pixels.size() != std::size_t{3} * static_cast<std::size_t>(image.width) *
                                 static_cast<std::size_t>(image.height)) {
    throw Error("image", "has " + std::to_string(image.pixels.size()) + " bytes for " +
                             std::to_string(image.width) + " x " + std::to_string(image.height) +
                             " pixels, expected width * height * 3, more than none");
  }
  double width = image.width, height = image.height;
  const double shrink = std::min(1.0, kShorterSide / std::min(width, height));
  const auto side = [&](double length) {
    return std::clamp(static_cast<int>(std::lround(length * shrink)), kSmallestSide, kLongestSide);
  };
  return resample_by_area(image, side(width), side(height));
}

std::vector<std::uint8_t> PatchGrid::parts() const {
  const std::size_t half = columns / 2;
  std::vector<std::uint8_t> result;
  result.reserve(size());
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      const int side = x < half ? 0 : x < columns - half ? 1 : 2;
      result.push_back(static_cast<std::uint8_t>((y < rows / 2 ? 0 : 3) + side));
    }
  }
  return result;
}

void write_patch(const Image& picture, std::size_t x, std::size_t y, std::span<float> out) {
  assert(out.size() == kPatchValues);
  constexpr std::size_t kLine = kPatchSide * 3;
  const std::size_t stride = static_cast<std::size_t>(picture.width) * 3;
  const std::uint8_t* from = picture.pixels.data() + y * stride + x * 3;
  // Whole numbers: exact in any order.
  std::int32_t sum = 0, squares = 0;
  for (std::size_t line = 0; line < kPatchSide; ++line) {
    for (std::size_t i = 0; i < kLine; ++i) {
      const std::int32_t value = from[line * stride + i];
      sum += value;
      squares += value * value;
    }
  }
  constexpr std::int64_t n = kPatchValues;
  const std::int64_t spread = n * squares - std::int64_t{sum} * sum;
  const float variance = static_cast<float>(spread) / static_cast<float>(n * (n - 1));
  const float mean = static_cast<float>(sum) / static_cast<float>(n);
  const float scale = 1.0f / std::sqrt(variance + 10.0f);
  for (std::size_t line = 0; line < kPatchSide; ++line) {
    for (std::size_t i = 0; i < kLine; ++i) {
      out[line * kLine + i] = (static_cast<float>(from[line * stride + i]) - mean) * scale;
    }
  }
}

std::size_t mirrored_value(std::size_t i) {
  const std::size_t channel = i % 3, x = i / 3 % kPatchSide, line = i / (3 * kPatchSide);
  return (line * kPatchSide + (kPatchSide - 1 - x)) * 3 + channel;
}

}  // namespace goldpan
