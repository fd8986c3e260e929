#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <goldpan/core/image.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/data/image_file.hpp>

// Small data sets and images that the tests of the data layer make for themselves.

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

std::string gzip(const std::string& content);

/// Writes a file, and the folders above it.
void put(const std::filesystem::path& path, const std::string& content);

/// The content with a few random changes: flipped bits, other bytes, a cut, a doubled stretch.
std::string damage(const std::string& content, Generator& generator);

inline std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// CIFAR-10's six files with this many records each, in `folder`.
void write_cifar10(const std::filesystem::path& folder, std::size_t records);
/// Record r of `write_cifar10` has this label and red, green and blue at this pixel.
std::uint8_t cifar10_label(std::size_t file, std::size_t record);
std::uint8_t cifar10_value(std::size_t file, std::size_t record, std::size_t byte);

/// An IDX file of unsigned bytes.
std::string make_idx(const std::vector<std::uint32_t>& sizes, const std::string& values);

/// One frame of a BDD100K label file.
std::string frame_json(const std::string& name, const std::string& weather,
                       const std::string& labels = "[]");

}  // namespace goldpan
