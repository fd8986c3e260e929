#pragma once

#include <algorithm>
#include <cmath>

namespace goldpan::scenes {

// GCC and Clang share this extension. Four floats in a struct are split by calling conventions and
// come back through the stack; this type stays in one register.
typedef float Lanes __attribute__((vector_size(16)));

/// Linear light, 1 = white paper in daylight. The fourth lane fills the register and is never
/// looked at.
struct Colour {
  Lanes lanes = {0, 0, 0, 0};

  constexpr Colour() = default;
  constexpr Colour(float r, float g, float b) : lanes{r, g, b, 0} {}
  explicit constexpr Colour(Lanes values) : lanes(values) {}
  constexpr Colour(float r, float g, float b, float fourth) : lanes{r, g, b, fourth} {}
  float r() const { return lanes[0]; }
  float g() const { return lanes[1]; }
  float b() const { return lanes[2]; }
  float fourth() const { return lanes[3]; }
};

inline Colour operator+(Colour a, Colour c) { return Colour(a.lanes + c.lanes); }
inline Colour operator-(Colour a, Colour c) { return Colour(a.lanes - c.lanes); }
inline Colour operator*(Colour a, Colour c) { return Colour(a.lanes * c.lanes); }
inline Colour operator*(Colour a, float k) { return Colour(a.lanes * k); }
inline Colour operator*(float k, Colour a) { return a * k; }
inline Colour& operator+=(Colour& a, Colour c) { return a = a + c; }

/// Without the library call that std::floor is on a plain x86-64.
inline int whole_below(float t) {
  const int i = static_cast<int>(t);
  return i - static_cast<int>(static_cast<float>(i) > t);
}

inline float mix(float a, float c, float t) { return a + (c - a) * t; }
inline Colour mix(Colour a, Colour c, float t) { return Colour(a.lanes + (c.lanes - a.lanes) * t); }
inline float luminance(Colour a) { return 0.2126f * a.r() + 0.7152f * a.g() + 0.0722f * a.b(); }
inline Colour grey(float value) { return {value, value, value}; }

inline float clamp01(float t) { return std::clamp(t, 0.0f, 1.0f); }
inline float square(float t) { return t * t; }
/// 0 below `low`, 1 above `high`, smooth in between. Requires: low < high.
inline float smoothstep(float low, float high, float t) {
  const float s = clamp01((t - low) / (high - low));
  return s * s * (3 - 2 * s);
}

}  // namespace goldpan::scenes
