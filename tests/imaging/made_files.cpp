#include "imaging/made_files.hpp"

#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <jpeglib.h>
#include <png.h>

namespace goldpan {

Image make_image(int width, int height, unsigned seed) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin(0.05 * x + 0.3 * c + seed) * std::cos(0.04 * y + 0.7 * seed);
        image.pixels.push_back(static_cast<std::uint8_t>(128 + 100 * wave));
      }
    }
  }
  return image;
}

namespace {

/// The channels that a kind of JPEG is encoded from.
std::vector<std::uint8_t> channels_of(const Image& image, JpegKind kind, int& channels) {
  const std::size_t pixels = image.pixels.size() / 3;
  std::vector<std::uint8_t> values;
  channels = kind == JpegKind::kGrey                              ? 1
             : kind == JpegKind::kTwoChannels                     ? 2
             : kind == JpegKind::kCmyk || kind == JpegKind::kYcck ? 4
                                                                  : 3;
  for (std::size_t i = 0; i < pixels; ++i) {
    for (int c = 0; c < channels; ++c) {
      values.push_back(c == 3 ? 255 : image.pixels[3 * i + static_cast<std::size_t>(c)]);
    }
  }
  return values;
}

}  // namespace

std::string make_jpeg(const Image& image, JpegKind kind) {
  int channels = 0;
  std::vector<std::uint8_t> values = channels_of(image, kind, channels);
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = channels;
  info.in_color_space = channels == 1   ? JCS_GRAYSCALE
                        : channels == 2 ? JCS_UNKNOWN
                        : channels == 3 ? JCS_RGB
                                        : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  if (kind == JpegKind::kYcck) jpeg_set_colorspace(&info, JCS_YCCK);
  if (kind == JpegKind::kProgressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  const std::size_t row_bytes = static_cast<std::size_t>(image.width * channels);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = values.data() + row_bytes * info.next_scanline;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string file(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  return file;
}

std::string make_png(const PngLayout& layout, const std::vector<std::uint8_t>& samples) {
  std::string file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png)) != 0) std::abort();
  png_set_write_fn(
      png, &file,
      [](png_structp writer, png_bytep bytes, std::size_t count) {
        static_cast<std::string*>(png_get_io_ptr(writer))
            ->append(reinterpret_cast<const char*>(bytes), count);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(layout.width),
               static_cast<png_uint_32>(layout.height), layout.bits, layout.colour_type,
               layout.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!layout.palette.empty()) {
    png_set_PLTE(png, info, reinterpret_cast<png_const_colorp>(layout.palette.data()),
                 static_cast<int>(layout.palette.size() / 3));
  }
  if (!layout.transparency.empty()) {
    png_set_tRNS(png, info, layout.transparency.data(),
                 static_cast<int>(layout.transparency.size()), nullptr);
  }
  png_write_info(png, info);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  std::vector<png_bytep> rows;
  for (int y = 0; y < layout.height; ++y) {
    rows.push_back(const_cast<png_bytep>(samples.data() + row_bytes * static_cast<std::size_t>(y)));
  }
  png_write_image(png, rows.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return file;
}

void put(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) throw std::runtime_error("cannot write " + path.string());
  std::fwrite(content.data(), 1, content.size(), file);
  std::fclose(file);
}

std::string damage(const std::string& content, Generator& generator) {
  std::string damaged = content;
  const std::uint64_t changes = 1 + generator.below(4);
  for (std::uint64_t change = 0; change < changes && !damaged.empty(); ++change) {
    const std::size_t at = generator.below(damaged.size());
    // Half of the changes hit the first bytes, where headers are.
    const std::size_t place = generator.below(2) == 0 ? at % 64 % damaged.size() : at;
    switch (generator.below(5)) {
      case 0:
      case 1:
        damaged[place] = static_cast<char>(damaged[place] ^ (1 << generator.below(8)));
        break;
      case 2:
        damaged[place] = static_cast<char>(generator.below(256));
        break;
      case 3:
        damaged.resize(at);
        break;
      default:
        damaged.insert(place, damaged.substr(at, 1 + generator.below(32)));
    }
  }
  return damaged;
}

}  // namespace goldpan
