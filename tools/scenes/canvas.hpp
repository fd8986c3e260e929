#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scenes/colour.hpp"

namespace goldpan::scenes {

/// A place on the image plane in pixels; pixel (i, j) covers [i, i + 1) x [j, j + 1).
struct Point {
  float x = 0, y = 0;
};

/// Names what a pixel shows: 0 is scenery without a label.
using ObjectId = std::uint16_t;

/// How a shape is painted: a colour, how much of it, and whose pixels they become.
struct Paint {
  Colour colour;
  float alpha = 1;
  ObjectId id = 0;
};

/// Linear light and, beside it, the object that each pixel shows. Shapes are painted far to near;
/// edges are antialiased by their share of the pixel, and a pixel belongs to the last shape that
/// covered more than half of it.
class Canvas {
 public:
  static constexpr std::size_t kMostCorners = 12;

  Canvas(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }
  Colour* row(int y) { return light_.data() + static_cast<std::size_t>(y) * width_; }
  const Colour* row(int y) const { return light_.data() + static_cast<std::size_t>(y) * width_; }
  const ObjectId* id_row(int y) const { return ids_.data() + static_cast<std::size_t>(y) * width_; }

  void blend(int x, int y, Colour colour, float alpha, ObjectId id) {
    const std::size_t at = static_cast<std::size_t>(y) * width_ + x;
    light_[at] = mix(light_[at], colour, alpha);
    if (alpha > 0.5f) take(ids_[at], id);
  }
  /// Must be called before objects up to `last` are painted.
  void expect_objects(ObjectId last) { hidden_.assign(last + std::size_t{1}, 0); }
  /// How many pixels of an object something nearer has taken.
  std::uint32_t hidden(ObjectId id) const { return hidden_[id]; }
  void fill(std::span<const Point> convex, const Paint& paint);
  void ellipse(Point centre, float radius_x, float radius_y, const Paint& paint);
  void line(Point from, Point to, float width, const Paint& paint);
  /// Adds light around a lamp: a bright core and a long faint halo, `radius` pixels in all.
  void glow(Point centre, float radius, Colour colour);
  /// Adds light along a vertical streak, as lamps draw on a wet road.
  void streak(Point top, float length, float width, Colour colour);

  /// Calls edge(x, y, coverage) for pixels that the convex polygon's outline crosses, and
  /// inside(y, begin, end) for the runs between them. Requires: at most kMostCorners corners.
  template <typename Edge, typename Inside>
  void scan(std::span<const Point> convex, Edge&& edge, Inside&& inside) const;

 private:
  void take(ObjectId& pixel, ObjectId id) {
    if (pixel == id) return;
    if (pixel != 0) ++hidden_[pixel];
    pixel = id;
  }

  int width_, height_;
  std::vector<Colour> light_;
  std::vector<ObjectId> ids_;
  std::vector<std::uint32_t> hidden_;
};

template <typename Edge, typename Inside>
void Canvas::scan(std::span<const Point> convex, Edge&& edge, Inside&& inside) const {
  float top = convex[0].y, bottom = convex[0].y;
  for (const Point& p : convex) {
    top = std::min(top, p.y);
    bottom = std::max(bottom, p.y);
  }
  const float width = static_cast<float>(width_), height = static_cast<float>(height_);
  const int first = static_cast<int>(std::clamp(top, 0.0f, height));
  const int last = static_cast<int>(std::ceil(std::clamp(bottom, 0.0f, height)));
  if (first >= last) return;
  struct Line {
    float top, bottom, x, slope;  // x at height 0
  };
  std::array<Line, kMostCorners> outline;
  std::size_t sides = 0;
  for (std::size_t i = 0; i < convex.size(); ++i) {
    const Point& a = convex[i];
    const Point& b = convex[i + 1 == convex.size() ? 0 : i + 1];
    if (a.y == b.y) continue;
    const float slope = (b.x - a.x) / (b.y - a.y);
    outline[sides++] = {std::min(a.y, b.y), std::max(a.y, b.y), a.x - a.y * slope, slope};
  }
  constexpr int kMostLines = 4;
  const int lines = bottom - top < 8 ? kMostLines : 2;
  const float spacing = 1 / static_cast<float>(lines);
  for (int y = first; y < last; ++y) {
    // Coverage is exact along each of a few lines through the pixel row, and averaged over them.
    std::array<float, kMostLines> left, right;
    float outer_left = width, outer_right = 0, inner_left = 0, inner_right = width;
    for (int s = 0; s < lines; ++s) {
      const float at = static_cast<float>(y) + (static_cast<float>(s) + 0.5f) * spacing;
      float l = width, r = 0;
      for (std::size_t i = 0; i < sides; ++i) {
        const Line& side = outline[i];
        if (at < side.top || at >= side.bottom) continue;
        const float x = side.x + at * side.slope;
        l = std::min(l, x);
        r = std::max(r, x);
      }
      left[s] = l = std::max(l, 0.0f);
      right[s] = r = std::max(std::min(r, width), l);
      if (l < r) {
        outer_left = std::min(outer_left, l);
        outer_right = std::max(outer_right, r);
      }
      inner_left = std::max(inner_left, l);
      inner_right = std::min(inner_right, r);
    }
    if (outer_left >= outer_right) continue;
    const int begin = static_cast<int>(outer_left);
    const int end = static_cast<int>(std::ceil(outer_right));
    const int inner_begin = std::clamp(static_cast<int>(std::ceil(inner_left)), begin, end);
    const int inner_end = std::clamp(static_cast<int>(inner_right), inner_begin, end);
    const auto partly = [&](int x) {
      float covered = 0;
      for (int s = 0; s < lines; ++s) {
        const float x0 = static_cast<float>(x);
        covered += std::max(0.0f, std::min(right[s], x0 + 1) - std::max(left[s], x0));
      }
      if (covered > 0) edge(x, y, covered * spacing);
    };
    for (int x = begin; x < inner_begin; ++x) partly(x);
    if (inner_begin < inner_end) inside(y, inner_begin, inner_end);
    for (int x = inner_end; x < end; ++x) partly(x);
  }
}

}  // namespace goldpan::scenes
