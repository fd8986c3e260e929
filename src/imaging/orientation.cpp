#include "imaging/orientation.hpp"

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace goldpan {
namespace {

/// Whole numbers of a TIFF structure in its byte order; 0 beyond its end.
struct Tiff {
  std::span<const std::byte> bytes;
  bool big = false;

  std::uint32_t number(std::size_t at, std::size_t size) const {
    if (at > bytes.size() || bytes.size() - at < size) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto byte = std::to_integer<std::uint32_t>(bytes[big ? at + i : at + size - 1 - i]);
      value = value << 8 | byte;
    }
    return value;
  }
};

}  // namespace

int exif_orientation(std::span<const std::byte> tiff) {
  constexpr std::uint32_t kTag = 0x0112, kShort = 3;
  if (tiff.size() < 8) return 1;
  Tiff data{tiff};
  if (std::memcmp(tiff.data(), "MM\0*", 4) == 0) {
    data.big = true;
  } else if (std::memcmp(tiff.data(), "II*\0", 4) != 0) {
    return 1;
  }
  const std::size_t directory = data.number(4, 4);
  const std::uint32_t entries = data.number(directory, 2);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + std::size_t{12} * i;
    if (entry + 12 > tiff.size()) break;
    if (data.number(entry, 2) != kTag || data.number(entry + 2, 2) != kShort) continue;
    const std::uint32_t value = data.number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  // 2 to 4 mirror or turn in place; 5 to 8 also swap rows and columns.
  const bool swapped = orientation >= 5;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const int width = image.width, height = image.height;
  Image turned{swapped ? height : width, swapped ? width : height,
               std::vector<std::uint8_t>(image.pixels.size())};
  std::uint8_t* to = turned.pixels.data();
  for (int y = 0; y < turned.height; ++y) {
    for (int x = 0; x < turned.width; ++x, to += 3) {
      int from_x = swapped ? y : x, from_y = swapped ? x : y;
      if (from_right) from_x = width - 1 - from_x;
      if (from_bottom) from_y = height - 1 - from_y;
      const std::size_t at = (static_cast<std::size_t>(from_y) * static_cast<std::size_t>(width) +
                              static_cast<std::size_t>(from_x)) *
                             3;
      std::memcpy(to, image.pixels.data() + at, 3);
    }
  }
  return turned;
}

}  // namespace goldpan
