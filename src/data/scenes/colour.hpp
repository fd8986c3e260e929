#pragma once

#include <algorithm>
#include <cmath>

namespace goldpan::scenes {

/// Linear light, 1 = white paper in daylight. The fourth lane keeps the arithmetic one SIMD register
/// wide and is never looked at.
struct alignas(16) Colour {
  float r = 0, g = 0, b = 0, unused = 0;
};

inline Colour operator+(Colour a, Colour c) {
  return {a.r + c.r, a.g + c.g, a.b + c.b, a.unused + c.unused};
}
inline Colour operator-(Colour a, Colour c) {
  return {a.r - c.r, a.g - c.g, a.b - c.b, a.unused - c.unused};
}
inline Colour operator*(Colour a, Colour c) {
  return {a.r * c.r, a.g * c.g, a.b * c.b, a.unused * c.unused};
}
inline Colour operator*(Colour a, float k) { return {a.r * k, a.g * k, a.b * k, a.unused * k}; }
inline Colour operator*(float k, Colour a) { return a * k; }
inline Colour& operator+=(Colour& a, Colour c) { return a = a + c; }

inline float mix(float a, float c, float t) { return a + (c - a) * t; }
inline Colour mix(Colour a, Colour c, float t) { return a + (c - a) * t; }
inline float luminance(Colour a) { return 0.2126f * a.r + 0.7152f * a.g + 0.0722f * a.b; }
inline Colour grey(float value) { return {value, value, value}; }

inline float clamp01(float t) { return std::clamp(t, 0.0f, 1.0f); }
inline float square(float t) { return t * t; }
/// 0 below `low`, 1 above `high`, smooth in between. Requires: low < high.
inline float smoothstep(float low, float high, float t) {
  const float s = clamp01((t - low) / (high - low));
  return s * s * (3 - 2 * s);
}

}  // namespace goldpan::scenes
