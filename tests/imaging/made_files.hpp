#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <goldpan/core/random.hpp>
#include <goldpan/imaging/image.hpp>
#include <goldpan/imaging/image_file.hpp>

// Images, whole and damaged, that tests make for themselves.

namespace goldpan {

/// A smooth picture (so that JPEG keeps it well), different for each seed.
Image make_image(int width, int height, unsigned seed = 0);

/// How a test's JPEG is encoded.
enum class JpegKind { kColour, kProgressive, kGrey, kCmyk, kYcck, kTwoChannels };
/// For CMYK the picture is made by colour times black; the reverse of what the decoder does.
std::string make_jpeg(const Image& image, JpegKind kind);

/// A PNG of any layout: samples row by row, big-endian where they have 16 bits.
struct PngLayout {
  int width = 0;
  int height = 0;
  int bits = 8;
  int colour_type = 2;  // PNG's number: 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA
  std::vector<std::uint8_t> palette;       // RGB triples
  std::vector<std::uint8_t> transparency;  // alpha of the palette's entries
  bool interlaced = false;
};
std::string make_png(const PngLayout& layout, const std::vector<std::uint8_t>& samples);

/// Writes a file, and the folders above it.
void put(const std::filesystem::path& path, const std::string& content);

/// The content with a few random changes: flipped bits, other bytes, a cut, a doubled stretch.
std::string damage(const std::string& content, Generator& generator);

inline std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace goldpan
