#include "fuzz/fuzz.hpp"
#include "imaging/orientation.hpp"

// Exif data: a TIFF structure.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int orientation = goldpan::exif_orientation(std::as_bytes(std::span(data, size)));
  goldpan::fuzz::require(orientation >= 1 && orientation <= 8);
  return 0;
}
