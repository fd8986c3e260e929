#include "embed/shrink.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace goldpan {
namespace {

/// The old pixels under one new pixel along one axis, and their shares, which sum to 1.
struct Span {
  int first = 0;
  std::vector<float> shares;
};

std::vector<Span> spans(int from, int to) {
  std::vector<Span> result(static_cast<std::size_t>(to));
  for (int i = 0; i < to; ++i) {
    // In units of 1 / to of an old pixel the borders are whole numbers: no rounding to worry about.
    const long begin = static_cast<long>(i) * from, end = begin + from;
    Span& span = result[static_cast<std::size_t>(i)];
    span.first = static_cast<int>(begin / to);
    for (long pixel = span.first; pixel * to < end; ++pixel) {
      const long covered = std::min(end, (pixel + 1) * to) - std::max(begin, pixel * to);
      span.shares.push_back(static_cast<float>(covered) / static_cast<float>(from));
    }
  }
  return result;
}

}  // namespace

Image resample_by_area(const Image& image, int width, int height) {
  assert(width > 0 && height > 0 && image.width > 0 && image.height > 0);
  if (width == image.width && height == image.height) return image;
  const auto columns = spans(image.width, width), rows = spans(image.height, height);
  const std::size_t old_row = static_cast<std::size_t>(image.width) * 3;
  const std::size_t new_row = static_cast<std::size_t>(width) * 3;
  Image result{width, height,
               std::vector<std::uint8_t>(new_row * static_cast<std::size_t>(height))};
  std::vector<float> merged(old_row);
  for (std::size_t y = 0; y < rows.size(); ++y) {
    std::fill(merged.begin(), merged.end(), 0.0f);
    const std::uint8_t* from =
        image.pixels.data() + static_cast<std::size_t>(rows[y].first) * old_row;
    for (const float share : rows[y].shares) {
      for (std::size_t x = 0; x < old_row; ++x) merged[x] += share * static_cast<float>(from[x]);
      from += old_row;
    }
    std::uint8_t* to = result.pixels.data() + y * new_row;
    for (const Span& column : columns) {
      for (std::size_t channel = 0; channel < 3; ++channel) {
        float sum = 0.5f;
        std::size_t at = static_cast<std::size_t>(column.first) * 3 + channel;
        for (const float share : column.shares) {
          sum += share * merged[at];
          at += 3;
        }
        *to++ = static_cast<std::uint8_t>(std::clamp(sum, 0.0f, 255.0f));
      }
    }
  }
  return result;
}

}  // namespace goldpan
