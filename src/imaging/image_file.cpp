#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/imaging/image_file.hpp>

#include "core/file_bytes.hpp"
#include "imaging/image_limits.hpp"
#include "imaging/jpeg.hpp"
#include "imaging/png.hpp"
#include "imaging/webp.hpp"

namespace goldpan {

void check_image_size(std::uint64_t width, std::uint64_t height, std::size_t file_bytes,
                      std::uint64_t pixels_per_byte, const std::string& where) {
  constexpr std::uint64_t kMostPixels = std::uint64_t{1} << 27;
  // Both sides are below 2^32 in either format, so that the product fits.
  const std::uint64_t pixels = width * height;
  if (pixels == 0 || pixels > kMostPixels) {
    throw Error(
        where, fmt::format("is {}x{} pixels, expected 1 to {} in all", width, height, kMostPixels));
  }
  if (pixels / pixels_per_byte > file_bytes) {
    throw Error(where, fmt::format("claims {}x{} pixels, which do not fit into its {} bytes", width,
                                   height, file_bytes));
  }
}

Image decode_image(std::span<const std::byte> file, const std::string& where, int min_side) {
  const std::string_view head(reinterpret_cast<const char*>(file.data()),
                              std::min<std::size_t>(file.size(), 12));
  if (head.starts_with("\xFF\xD8")) return decode_jpeg(file, where, min_side);
  if (head.starts_with("\x89PNG\r\n\x1A\n")) return decode_png(file, where);
  if (head.starts_with("RIFF") && head.ends_with("WEBP")) return decode_webp(file, where);
  throw Error(where, "looks like " + looks_like(file) + ", expected a JPEG, PNG or WebP image");
}

Image read_image(const std::filesystem::path& path, int min_side) {
  return decode_image(read_bytes(path), path.string(), min_side);
}

void write_jpeg(const std::filesystem::path& path, const Image& image, int quality) {
  write_file(path, encode_jpeg(image, quality), Flush::kNo);
}

}  // namespace goldpan
