#pragma once

#include <cstdint>

#include <goldpan/core/random.hpp>

namespace goldpan::scenes {

/// Fractal value noise, periodic in 256 units both ways, equalised: values are uniform in [0, 1], so
/// that a threshold is a share of the area (of sky under cloud, of road under snow).
float fractal_noise(float x, float y);

/// Fine grain: the same tile without interpolation, for asphalt, leaves and plaster.
float rough_noise(float x, float y);

/// Standard normal grain of a camera sensor; `at` runs along a table of kGrains values.
inline constexpr std::uint32_t kGrains = 1u << 14;
const float* sensor_grain();

/// 32 bits that look random, for details that need no stream of their own (which window is lit).
inline std::uint32_t hash(std::uint32_t a, std::uint32_t b = 0, std::uint32_t c = 0) {
  std::uint32_t h = a * 0x9E3779B1u ^ (b + 0x7F4A7C15u) * 0x85EBCA77u ^ (c + 0x165667B1u) * 0xC2B2AE3Du;
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
