#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace goldpan {

/// RGBA pixels laid over white, as a browser shows them, packed to RGB.
inline std::vector<std::uint8_t> over_white(const std::vector<std::uint8_t>& rgba) {
  const std::size_t pixels = rgba.size() / 4;
  std::vector<std::uint8_t> rgb(3 * pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    const unsigned alpha = rgba[4 * i + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      rgb[3 * i + c] =
          static_cast<std::uint8_t>((rgba[4 * i + c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  return rgb;
}

}  // namespace goldpan
