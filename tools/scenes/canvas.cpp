#include "scenes/canvas.hpp"

namespace goldpan::scenes {

Canvas::Canvas(int width, int height)
    : width_(width),
      height_(height),
      light_(static_cast<std::size_t>(width) * height),
      ids_(static_cast<std::size_t>(width) * height) {}

void Canvas::fill(std::span<const Point> convex, const Paint& paint) {
  scan(
      convex,
      [&](int x, int y, float coverage) {
        blend(x, y, paint.colour, coverage * paint.alpha, paint.id);
      },
      [&](int y, int begin, int end) {
        if (paint.alpha < 1) {
          for (int x = begin; x < end; ++x) blend(x, y, paint.colour, paint.alpha, paint.id);
          return;
        }
        Colour* const light = row(y);
        std::fill(light + begin, light + end, paint.colour);
        ObjectId* const ids = ids_.data() + static_cast<std::size_t>(y) * width_;
        for (int x = begin; x < end; ++x) take(ids[x], paint.id);
      });
}

void Canvas::ellipse(Point centre, float radius_x, float radius_y, const Paint& paint) {
  // Below half a pixel a lamp would flicker between frames; it keeps its light but not its size.
  const float share = std::min(1.0f, radius_x * 2) * std::min(1.0f, radius_y * 2);
  radius_x = std::max(radius_x, 0.5f);
  radius_y = std::max(radius_y, 0.5f);
  const int y0 = static_cast<int>(std::max(0.0f, std::floor(centre.y - radius_y - 1)));
  const int y1 = static_cast<int>(std::min(static_cast<float>(height_), centre.y + radius_y + 2));
  const int x0 = static_cast<int>(std::max(0.0f, std::floor(centre.x - radius_x - 1)));
  const int x1 = static_cast<int>(std::min(static_cast<float>(width_), centre.x + radius_x + 2));
  const float smaller = std::min(radius_x, radius_y);
  for (int y = y0; y < y1; ++y) {
    const float dy = (static_cast<float>(y) + 0.5f - centre.y) / radius_y;
    for (int x = x0; x < x1; ++x) {
      const float dx = (static_cast<float>(x) + 0.5f - centre.x) / radius_x;
      const float distance = std::sqrt(dx * dx + dy * dy);
      const float coverage = clamp01((1 - distance) * smaller + 0.5f);
      if (coverage > 0) blend(x, y, paint.colour, coverage * paint.alpha * share, paint.id);
    }
  }
}

void Canvas::line(Point from, Point to, float width, const Paint& paint) {
  const float dx = to.x - from.x, dy = to.y - from.y;
  const float length = std::sqrt(dx * dx + dy * dy);
  if (length < 1e-3f) return;
  // Thin lines fade instead of breaking up.
  const float drawn = std::max(width, 0.7f);
  const float nx = -dy / length * drawn / 2, ny = dx / length * drawn / 2;
  const std::array<Point, 4> quad = {{{from.x + nx, from.y + ny},
                                      {to.x + nx, to.y + ny},
                                      {to.x - nx, to.y - ny},
                                      {from.x - nx, from.y - ny}}};
  fill(quad, {paint.colour, paint.alpha * std::min(1.0f, width / drawn), paint.id});
}

void Canvas::glow(Point centre, float radius, Colour colour) {
  radius = std::max(radius, 1.0f);
  const int y0 = static_cast<int>(std::clamp(centre.y - radius, 0.0f, static_cast<float>(height_)));
  const int y1 =
      static_cast<int>(std::clamp(centre.y + radius + 1, 0.0f, static_cast<float>(height_)));
  const int x0 = static_cast<int>(std::clamp(centre.x - radius, 0.0f, static_cast<float>(width_)));
  const int x1 =
      static_cast<int>(std::clamp(centre.x + radius + 1, 0.0f, static_cast<float>(width_)));
  const float scale = 1 / (radius * radius);
  for (int y = y0; y < y1; ++y) {
    const float dy = static_cast<float>(y) + 0.5f - centre.y;
    Colour* const out = row(y);
    for (int x = x0; x < x1; ++x) {
      const float dx = static_cast<float>(x) + 0.5f - centre.x;
      const float d = (dx * dx + dy * dy) * scale;
      if (d >= 1) continue;
      const float rim = (1 - d) * (1 - d);
      out[x] += colour * (rim / (1 + 40 * d));
    }
  }
}

void Canvas::streak(Point top, float length, float width, Colour colour) {
  width = std::max(width, 1.0f);
  const int y0 = static_cast<int>(std::clamp(top.y, 0.0f, static_cast<float>(height_)));
  const int y1 = static_cast<int>(std::clamp(top.y + length, 0.0f, static_cast<float>(height_)));
  const float reach = width * 2;
  const int x0 = static_cast<int>(std::clamp(top.x - reach, 0.0f, static_cast<float>(width_)));
  const int x1 = static_cast<int>(std::clamp(top.x + reach + 1, 0.0f, static_cast<float>(width_)));
  for (int y = y0; y < y1; ++y) {
    const float t = (static_cast<float>(y) + 0.5f - top.y) / length;
    const float along = 4 * t * (1 - t) * (1.3f - t);
    Colour* const out = row(y);
    for (int x = x0; x < x1; ++x) {
      const float d = std::abs(static_cast<float>(x) + 0.5f - top.x) / reach;
      if (d < 1) out[x] += colour * (along * (1 - d) * (1 - d));
    }
  }
}

}  // namespace goldpan::scenes
