#include <goldpan/imaging/image_file.hpp>

#include "fuzz/fuzz.hpp"

// JPEG and PNG: the first byte is the shorter side asked for, the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace goldpan;
  return fuzz::may_refuse([&] {
    if (size == 0) return;
    const Image image = decode_image(std::as_bytes(std::span(data + 1, size - 1)), "fuzz",
                                     static_cast<int>(data[0]));
    fuzz::require(image.width > 0 && image.height > 0);
    fuzz::require(image.pixels.size() == std::size_t{3} * static_cast<std::size_t>(image.width) *
                                             static_cast<std::size_t>(image.height));
  });
}
