#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

// jpeglib.h needs <cstdio> before it.
#include <jerror.h>
#include <jpeglib.h>

#include <goldpan/core/error.hpp>
#include <goldpan/imaging/image_file.hpp>

#include "imaging/image_limits.hpp"
#include "imaging/jpeg.hpp"
#include "imaging/orientation.hpp"

namespace goldpan {
namespace {

/// libjpeg reports through function pointers; ours leave by longjmp, because an exception may not
/// pass through C code that was not compiled for it.
struct ErrorManager {
  jpeg_error_mgr base = {};  // first, so that libjpeg's pointer to it is a pointer to this
  std::jmp_buf jump = {};
  char message[JMSG_LENGTH_MAX] = {};
  bool corrupt = false;  // a warning of libjpeg's, which it would have gone on after
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* const errors = reinterpret_cast<ErrorManager*>(info->err);
  info->err->format_message(info, errors->message);
  std::longjmp(errors->jump, 1);
}

void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;  // a trace message
  const int code = info->err->msg_code;
  // Oddities of some encoders that leave the pixels right.
  if (code == JWRN_JFIF_MAJOR || code == JWRN_NOT_SEQUENTIAL) return;
  reinterpret_cast<ErrorManager*>(info->err)->corrupt = true;
  leave(info);
}

void print_nothing(j_common_ptr) {}

void set_up(ErrorManager& errors) {
  jpeg_std_error(&errors.base);
  errors.base.error_exit = leave;
  errors.base.emit_message = on_message;
  errors.base.output_message = print_nothing;
}

std::string describe(const ErrorManager& errors) {
  std::string_view text = errors.message;
  if (!errors.corrupt) return "not a readable JPEG: " + std::string(text);
  constexpr std::string_view kPrefix = "Corrupt JPEG data: ";
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  std::string reason(text);
  if (reason.starts_with('P')) reason[0] = 'p';  // "Premature end of JPEG file"
  return "corrupt JPEG data: " + reason;
}

/// Runs calls into libjpeg and throws what it complains about. `step` must not own anything: its
/// destructors would be jumped over.
template <typename Step>
void guarded(ErrorManager& errors, const std::string& where, const Step& step) {
  if (setjmp(errors.jump) != 0) throw Error(where, describe(errors));
  step();
}

struct Decompressor {
  ErrorManager errors;
  jpeg_progress_mgr progress = {};
  jpeg_decompress_struct info = {};

  Decompressor() {
    set_up(errors);
    info.err = &errors.base;
  }
  ~Decompressor() { jpeg_destroy_decompress(&info); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
};

struct Compressor {
  ErrorManager errors;
  jpeg_compress_struct info = {};
  unsigned char* bytes = nullptr;
  unsigned long size = 0;

  Compressor() {
    set_up(errors);
    info.err = &errors.base;
  }
  ~Compressor() {
    jpeg_destroy_compress(&info);
    std::free(bytes);
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
};

/// A small progressive file may ask for any number of passes over a large image. Real ones have
/// about ten.
void limit_scans(j_common_ptr info) {
  constexpr int kMostScans = 200;
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMostScans) {
    ERREXIT(info, JERR_BAD_PROGRESSION);
  }
}

/// The smallest of 1/8, 1/4, 1/2 and 1, in eighths, that keeps the shorter side at `min_side` or
/// more. The scales between have no SIMD code in libjpeg-turbo: 3/8 takes longer than 1/2.
unsigned scale_for(unsigned width, unsigned height, int min_side) {
  if (min_side <= 0) return 8;
  const unsigned side = std::min(width, height);
  for (const unsigned scale : {1u, 2u, 4u}) {
    if ((side * scale + 7) / 8 >= static_cast<unsigned>(min_side)) return scale;
  }
  return 8;
}

/// Ink is stored inverted (255 is none), so that the product of colour and black is the light left.
void cmyk_to_rgb(const std::uint8_t* cmyk, std::size_t pixels, std::uint8_t* rgb) {
  for (std::size_t i = 0; i < pixels; ++i, cmyk += 4, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>((cmyk[c] * cmyk[3] + 127) / 255);
  }
}

constexpr int kExifMarker = JPEG_APP0 + 1;

int orientation_of(const jpeg_decompress_struct& info) {
  constexpr std::size_t kPrefix = 6;  // of EXIF in a JPEG
  for (const jpeg_marker_struct* marker = info.marker_list; marker != nullptr;
       marker = marker->next) {
    const auto bytes = std::as_bytes(std::span(marker->data, marker->data_length));
    if (marker->marker == kExifMarker && bytes.size() > kPrefix &&
        std::memcmp(bytes.data(), "Exif\0\0", kPrefix) == 0) {
      return exif_orientation(bytes.subspan(kPrefix));
    }
  }
  return 1;
}

}  // namespace

Image decode_jpeg(std::span<const std::byte> file, const std::string& where, int min_side) {
  Decompressor decoder;
  jpeg_decompress_struct& info = decoder.info;
  guarded(decoder.errors, where, [&] {
    jpeg_create_decompress(&info);
    info.mem->max_memory_to_use = 1L << 30;
    info.progress = &decoder.progress;
    decoder.progress.progress_monitor = limit_scans;
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()),
                 static_cast<unsigned long>(file.size()));
    jpeg_save_markers(&info, kExifMarker, 0xFFFF);
    jpeg_read_header(&info, TRUE);
  });
  // A block of 64 pixels takes a bit at the very least; leave room for odd sampling factors.
  check_image_size(info.image_width, info.image_height, file.size(), 4096, where);

  const bool ink = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  if (!ink && info.jpeg_color_space == JCS_UNKNOWN) {
    throw Error(where, "has " + std::to_string(info.num_components) +
                           " colour channels of unknown meaning, expected grey, RGB or CMYK");
  }
  guarded(decoder.errors, where, [&] {
    info.out_color_space = ink ? JCS_CMYK : JCS_RGB;
    info.scale_num = scale_for(info.image_width, info.image_height, min_side);
    info.scale_denom = 8;
    jpeg_start_decompress(&info);
  });

  const int orientation = orientation_of(info);
  Image image;
  image.width = static_cast<int>(info.output_width);
  image.height = static_cast<int>(info.output_height);
  const std::size_t row_bytes = std::size_t{3} * info.output_width;
  image.pixels.resize(row_bytes * info.output_height);
  std::vector<std::uint8_t> ink_row(ink ? std::size_t{4} * info.output_width : 0);
  guarded(decoder.errors, where, [&] {
    while (info.output_scanline < info.output_height) {
      std::uint8_t* const out = image.pixels.data() + row_bytes * info.output_scanline;
      if (ink) {
        JSAMPROW row = ink_row.data();
        jpeg_read_scanlines(&info, &row, 1);
        cmyk_to_rgb(ink_row.data(), info.output_width, out);
      } else {
        constexpr unsigned kRows = 8;  // what a call can return at once, at most
        JSAMPROW rows[kRows];
        const unsigned count = std::min(kRows, info.output_height - info.output_scanline);
        for (unsigned i = 0; i < count; ++i) rows[i] = out + row_bytes * i;
        jpeg_read_scanlines(&info, rows, count);
      }
    }
    jpeg_finish_decompress(&info);
  });
  return upright(std::move(image), orientation);
}

std::string encode_jpeg(const Image& image, int quality) {
  constexpr const char* kWhere = "encode_jpeg";
  if (image.width < 1 || image.height < 1 || image.width > JPEG_MAX_DIMENSION ||
      image.height > JPEG_MAX_DIMENSION) {
    throw Error(kWhere, "got an image of " + std::to_string(image.width) + "x" +
                            std::to_string(image.height) + " pixels, expected 1 to " +
                            std::to_string(JPEG_MAX_DIMENSION) + " a side");
  }
  const std::size_t row_bytes = std::size_t{3} * static_cast<std::size_t>(image.width);
  if (image.pixels.size() != row_bytes * static_cast<std::size_t>(image.height)) {
    throw Error(kWhere, "got " + std::to_string(image.pixels.size()) + " bytes of pixels for " +
                            std::to_string(image.width) + "x" + std::to_string(image.height) +
                            " RGB");
  }
  if (quality < 1 || quality > 100) {
    throw Error(kWhere, "got quality " + std::to_string(quality) + ", expected 1 to 100");
  }
  Compressor encoder;
  jpeg_compress_struct& info = encoder.info;
  guarded(encoder.errors, kWhere, [&] {
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &encoder.bytes, &encoder.size);
    info.image_width = static_cast<JDIMENSION>(image.width);
    info.image_height = static_cast<JDIMENSION>(image.height);
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, quality, TRUE);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
      // libjpeg's interface is not const, but it only reads.
      JSAMPROW row = const_cast<JSAMPROW>(image.pixels.data() + row_bytes * info.next_scanline);
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
  });
  return {reinterpret_cast<const char*>(encoder.bytes), encoder.size};
}

}  // namespace goldpan
