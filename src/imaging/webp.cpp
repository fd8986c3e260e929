#include "imaging/webp.hpp"

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <webp/decode.h>

#include <goldpan/core/error.hpp>

#include "imaging/image_limits.hpp"
#include "imaging/orientation.hpp"
#include "imaging/over_white.hpp"

namespace goldpan {
namespace {

std::string reason_of(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return "the file ends early";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "it uses a feature that libwebp does not know";
    case VP8_STATUS_OUT_OF_MEMORY:
      return "out of memory";
    default:
      return "damaged data";
  }
}

/// The EXIF chunk of the container, or nothing.
std::span<const std::byte> exif_of(std::span<const std::byte> file) {
  std::size_t at = 12;
  while (at + 8 <= file.size()) {
    std::size_t size = 0;
    for (std::size_t i = 4; i > 0; --i) {
      size = size << 8 | std::to_integer<std::size_t>(file[at + 3 + i]);
    }
    if (size > file.size() - at - 8) break;
    if (std::memcmp(file.data() + at, "EXIF", 4) == 0) {
      std::span<const std::byte> exif = file.subspan(at + 8, size);
      // Some writers put JPEG's prefix before it.
      if (exif.size() >= 6 && std::memcmp(exif.data(), "Exif\0\0", 6) == 0) exif = exif.subspan(6);
      return exif;
    }
    at += 8 + size + size % 2;
  }
  return {};
}

}  // namespace

Image decode_webp(std::span<const std::byte> file, const std::string& where) {
  const auto* const data = reinterpret_cast<const std::uint8_t*>(file.data());
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) throw Error(where, "libwebp is of another version");
  if (const auto status = WebPGetFeatures(data, file.size(), &config.input);
      status != VP8_STATUS_OK) {
    throw Error(where, "not a readable WebP: " + reason_of(status));
  }
  if (config.input.has_animation != 0) {
    throw Error(where, "is an animated WebP, expected a single image");
  }
  // A lossless file of one colour takes a few bytes for any size.
  check_image_size(static_cast<std::uint64_t>(config.input.width),
                   static_cast<std::uint64_t>(config.input.height), file.size(),
                   std::uint64_t{1} << 24, where);
  const bool alpha = config.input.has_alpha != 0;
  const auto width = static_cast<std::size_t>(config.input.width),
             height = static_cast<std::size_t>(config.input.height);
  std::vector<std::uint8_t> pixels(width * height * (alpha ? 4 : 3));
  config.output.colorspace = alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels.data();
  config.output.u.RGBA.stride = static_cast<int>(width * (alpha ? 4 : 3));
  config.output.u.RGBA.size = pixels.size();
  if (const auto status = WebPDecode(data, file.size(), &config); status != VP8_STATUS_OK) {
    throw Error(where, "corrupt WebP data: " + reason_of(status));
  }
  Image image{config.input.width, config.input.height, {}};
  image.pixels = alpha ? over_white(pixels) : std::move(pixels);
  return upright(std::move(image), exif_orientation(exif_of(file)));
}

}  // namespace goldpan
