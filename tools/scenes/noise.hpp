#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <goldpan/core/random.hpp>

#include "scenes/colour.hpp"

namespace goldpan::scenes {

/// Tables of noise, the same in every drive of every seed: drives differ by where they look.
class Noise {
 public:
  static const Noise& get();

  /// Fractal value noise, periodic in 256 units both ways, equalised: values are uniform in [0, 1],
  /// so that a threshold is a share of the area (of sky under cloud, of road under snow).
  float fractal(float x, float y) const { return row(y)(x); }
  /// fractal(x, y) for many x at one y.
  class Row {
   public:
    float operator()(float x) const {
      const int i = whole_below(x), x0 = i & kMask, x1 = (i + 1) & kMask;
      const float u = x - static_cast<float>(i);
      const float above = upper_[x0] + (upper_[x1] - upper_[x0]) * u;
      const float below = lower_[x0] + (lower_[x1] - lower_[x0]) * u;
      return above + (below - above) * v_;
    }

   private:
    friend class Noise;
    const float* upper_;
    const float* lower_;
    float v_;
  };
  Row row(float y) const {
    const int j = whole_below(y);
    Row row;
    row.upper_ = fractal_.data() + (j & kMask) * kSide;
    row.lower_ = fractal_.data() + ((j + 1) & kMask) * kSide;
    row.v_ = y - static_cast<float>(j);
    return row;
  }
  /// White noise in [0, 1), one value a unit square, periodic in 64: asphalt, plaster, leaves.
  float rough(float x, float y) const {
    return rough_[static_cast<std::size_t>((whole_below(y) & 63) * 64 + (whole_below(x) & 63))];
  }

 private:
  Noise();
  static constexpr int kSide = 256, kMask = kSide - 1;
  std::vector<float> fractal_;
  std::vector<float> rough_;
};

/// Standard normal grain of a camera sensor; `at` runs along a table of kGrains values.
inline constexpr std::uint32_t kGrains = 1u << 13;
const std::vector<float>& sensor_grain();

/// 32 bits that look random, for details that need no stream of their own (which window is lit).
inline std::uint32_t hash(std::uint32_t a, std::uint32_t b = 0, std::uint32_t c = 0) {
  std::uint32_t h =
      a * 0x9E3779B1u ^ (b + 0x7F4A7C15u) * 0x85EBCA77u ^ (c + 0x165667B1u) * 0xC2B2AE3Du;
  h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
  h = (h ^ (h >> 12)) * 0x297A2D39u;
  return h ^ (h >> 15);
}
/// The same as a number in [0, 1).
inline float hash01(std::uint32_t a, std::uint32_t b = 0, std::uint32_t c = 0) {
  return static_cast<float>(hash(a, b, c) >> 8) * 0x1p-24f;
}

inline float uniform(Generator& generator, float low, float high) {
  return low + (high - low) * static_cast<float>(generator.uniform());
}
inline int whole(Generator& generator, int low, int high) {  // both ends included
  return low + static_cast<int>(generator.below(static_cast<std::uint64_t>(high - low + 1)));
}
inline bool chance(Generator& generator, double probability) {
  return generator.uniform() < probability;
}

}  // namespace goldpan::scenes
