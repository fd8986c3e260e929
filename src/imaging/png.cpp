#include "imaging/png.hpp"

#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <png.h>

#include <goldpan/core/error.hpp>

#include "imaging/image_limits.hpp"
#include "imaging/orientation.hpp"
#include "imaging/over_white.hpp"

namespace goldpan {
namespace {

/// What libpng's callbacks see: the bytes still to come, and room for a message.
struct Reader {
  const std::byte* at = nullptr;
  std::size_t left = 0;
  char message[160] = {};
  png_structp png = nullptr;
  png_infop info = nullptr;

  Reader() = default;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* const reader = static_cast<Reader*>(png_get_error_ptr(png));
  std::strncpy(reader->message, message, sizeof reader->message - 1);
  png_longjmp(png, 1);
}

/// Warnings are about side information (colour profiles, text); damaged pixels are errors.
void on_warning(png_structp, png_const_charp) {}

void read_bytes_of(png_structp png, png_bytep out, std::size_t count) {
  auto* const reader = static_cast<Reader*>(png_get_io_ptr(png));
  if (count > reader->left) png_error(png, "the file ends early");
  std::memcpy(out, reader->at, count);
  reader->at += count;
  reader->left -= count;
}

/// Runs calls into libpng and throws what it complains about. `step` must not own anything: its
/// destructors would be jumped over.
template <typename Step>
void guarded(Reader& reader, const std::string& where, const Step& step) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) {
    throw Error(where, "corrupt PNG data: " + std::string(reader.message));
  }
  step();
}

}  // namespace

Image decode_png(std::span<const std::byte> file, const std::string& where) {
  Reader reader;
  reader.at = file.data();
  reader.left = file.size();
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  if (reader.png != nullptr) reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr) throw Error(where, "libpng could not start (out of memory?)");

  guarded(reader, where, [&] {
    png_set_read_fn(reader.png, &reader, read_bytes_of);
    png_read_info(reader.png, reader.info);
  });
  const auto width = png_get_image_width(reader.png, reader.info);
  const auto height = png_get_image_height(reader.png, reader.info);
  // Deflate shrinks 1032 times at most, and a pixel has one bit at least.
  check_image_size(width, height, file.size(), 8 * 1032, where);

  const bool alpha = (png_get_color_type(reader.png, reader.info) & PNG_COLOR_MASK_ALPHA) != 0 ||
                     png_get_valid(reader.png, reader.info, PNG_INFO_tRNS) != 0;
  const std::size_t row_bytes = (alpha ? std::size_t{4} : std::size_t{3}) * width;
  guarded(reader, where, [&] {
    png_set_scale_16(reader.png);
    png_set_expand(reader.png);  // palettes, few bits, and tRNS to 8-bit channels
    png_set_gray_to_rgb(reader.png);
    png_set_interlace_handling(reader.png);
    png_read_update_info(reader.png, reader.info);
    if (png_get_rowbytes(reader.png, reader.info) != row_bytes) {
      png_error(reader.png, "an unexpected layout of its pixels");
    }
  });

  int orientation = 1;
#ifdef PNG_eXIf_SUPPORTED
  png_bytep exif = nullptr;
  png_uint_32 exif_bytes = 0;
  if (png_get_eXIf_1(reader.png, reader.info, &exif_bytes, &exif) != 0) {
    orientation = exif_orientation(std::as_bytes(std::span(exif, exif_bytes)));
  }
#endif

  Image image;
  image.width = static_cast<int>(width);
  image.height = static_cast<int>(height);
  std::vector<std::uint8_t> pixels(row_bytes * height);
  std::vector<png_bytep> rows(height);
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = pixels.data() + row_bytes * y;
  guarded(reader, where, [&] {
    png_read_image(reader.png, rows.data());
    png_read_end(reader.png, nullptr);
  });
  if (!alpha) {
    image.pixels = std::move(pixels);
  } else {
    image.pixels = over_white(pixels);
  }
  return upright(std::move(image), orientation);
}

}  // namespace goldpan
