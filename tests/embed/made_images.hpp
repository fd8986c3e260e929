#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/core/error.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// A picture of random blots: neighbouring pixels are alike, as in real ones.
inline Image made_image(int width, int height, std::uint64_t seed) {
  Generator generator(seed);
  Image image{width, height, {}};
  std::vector<double> blots;
  for (int i = 0; i < 24; ++i) blots.push_back(generator.uniform());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        double value = 20 * generator.uniform();
        for (std::size_t b = 0; b < 8; ++b) {
          const double dx = blots[3 * b] * width - x, dy = blots[3 * b + 1] * height - y;
          const double reach = 4 + 20 * blots[3 * b + 2];
          if (dx * dx + dy * dy < reach) value += 60 * blots[(3 * b + 7 * channel) % 24];
        }
        image.pixels.push_back(static_cast<std::uint8_t>(value > 255 ? 255 : value));
      }
    }
  }
  return image;
}

/// Made images, some of them broken, that counts how often it is asked.
class MadeImages final : public ImageSource {
 public:
  explicit MadeImages(std::size_t count, int width = 12, int height = 12) {
    for (std::size_t i = 0; i < count; ++i) images_.push_back(made_image(width, height, i));
  }

  std::size_t size() const override { return images_.size(); }
  Image load(std::size_t index, int) const override {
    ++loads;
    if (broken.contains(index)) throw Error(location(index), "is cut off");
    return images_[index];
  }
  std::string location(std::size_t index) const override {
    return "image " + std::to_string(index);
  }

  std::set<std::size_t> broken;
  mutable std::atomic<std::size_t> loads = 0;

 private:
  std::vector<Image> images_;
};

}  // namespace goldpan
