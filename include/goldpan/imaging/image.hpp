#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace goldpan {

/// An 8-bit RGB image, rows top to bottom, interleaved: pixels[(y * width + x) * 3 + channel].
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

/// Images by number, decoded when asked for. Safe to call from several threads at once.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual std::size_t size() const = 0;
  /// Decodes image `index`. A positive `min_side` allows (not demands) a decoder to shrink while it
  /// decodes, as long as the shorter side stays at least `min_side`. Throws Error naming the file
  /// and what is wrong.
  virtual Image load(std::size_t index, int min_side = 0) const = 0;
  /// Where image `index` comes from, for messages: a path, or "data_batch_1.bin, record 17".
  virtual std::string location(std::size_t index) const = 0;
};

}  // namespace goldpan
