#pragma once

#include <array>
#include <initializer_list>
#include <span>

#include "scenes/canvas.hpp"
#include "scenes/world.hpp"

namespace goldpan::scenes {

/// Where the camera is in one frame.
struct Camera {
  float focal = 300, centre = 160, horizon = 90;  ///< pixels
  float x = 0, y = 1.4f, z = 0;                   ///< metres, in road coordinates
  float bend = 0;                                 ///< 1 / metres
};

/// Nothing nearer than this is drawn, metres.
inline constexpr float kNearest = 0.9f;
/// Nothing farther than this is drawn, metres.
inline constexpr float kFarthest = 170;

/// Which way a surface looks: at the camera, to the left or right of the road, up.
enum class Face { kNear, kLeft, kRight, kTop };

/// Draws things given in road coordinates: perspective, light, haze.
class View {
 public:
  View(Canvas& canvas, const Camera& camera, const World& world);

  Canvas& canvas() { return canvas_; }
  const Camera& camera() const { return camera_; }
  const World& world() const { return world_; }
  const Air& air() const { return world_.air; }

  /// Metres from the camera to the plane z, at least kNearest.
  float depth(float z) const { return std::max(z - camera_.z, kNearest); }
  /// Pixels of a metre at z.
  float scale(float z) const { return camera_.focal / depth(z); }
  Point at(float x, float y, float z) const;

  /// Irradiance from sky, street lamps and the camera car's headlights at a place, without the sun.
  Colour light_at(float x, float z) const;
  /// A surface of this albedo at this place, as bright as it is there (before haze).
  Colour lit(Colour albedo, Face face, float x, float z) const;
  Colour haze(Colour colour, float z) const;
  /// How much lamps matter: 0 by day, 1 at night.
  float darkness() const { return darkness_; }
  /// Share of light that arrives from z.
  float transmittance(float z) const;

  /// Until changed, what is drawn belongs to this object.
  void set_id(ObjectId id) { id_ = id; }
  /// While set, things are drawn upside down below the road at this strength: a wet road's mirror.
  void set_mirror(float strength) { mirror_ = strength; }
  bool mirrored() const { return mirror_ > 0; }

  /// Convex shapes; `colour` is light, hazed here. Lists of points are cornerwise.
  void polygon(std::span<const Point> points, Colour colour, float z, float alpha = 1);
  /// A convex shape on the plane z: points are (x, y) in metres.
  void flat(float z, std::initializer_list<Point> outline, Colour colour, float alpha = 1);
  /// A rectangle on the plane z.
  void front(float z, float x0, float y0, float x1, float y1, Colour colour, float alpha = 1);
  /// A convex shape on the plane x: points are (z, y) in metres.
  void side(float x, std::initializer_list<Point> outline, Colour colour, float alpha = 1);
  void disc(float x, float y, float z, float radius_x, float radius_y, Colour colour,
            float alpha = 1);
  void bar(float x0, float y0, float x1, float y1, float z, float width, Colour colour);
  /// A dark patch under something that stands on the road.
  void shadow(float x0, float z0, float x1, float z1, float strength);
  /// A lamp of `size` metres: disc, glow, and a streak on a wet road.
  void lamp(float x, float y, float z, float size, Colour colour, float halo);

  /// A wall on the plane x from z0 to z1, y0 to y1. shade(z, metres per pixel) is asked once for
  /// each column of the image and answers with a function from y to the colour there, lit already
  /// (haze is added here).
  template <typename Shade>
  void wall(float x, float z0, float z1, float y0, float y1, Shade&& shade);
  /// The same on the plane z: shade(x, metres per pixel).
  template <typename Shade>
  void facade(float z, float x0, float x1, float y0, float y1, Shade&& shade);

 private:
  template <typename Column>
  void paint_column(int u, float covered, float pixel, float y0, float y1, float through,
                    Column&& column);
  float up(float y) const { return mirror_ > 0 ? -y : y; }

  Canvas& canvas_;
  Camera camera_;
  const World& world_;
  float darkness_;
  ObjectId id_ = 0;
  float mirror_ = 0;
};

template <typename Column>
void View::paint_column(int u, float covered, float pixel, float y0, float y1, float through,
                        Column&& column) {
  const float top = camera_.horizon + (camera_.y - y1) / pixel;
  const float bottom = camera_.horizon + (camera_.y - y0) / pixel;
  const float height = static_cast<float>(canvas_.height());
  const int first = static_cast<int>(std::clamp(top, 0.0f, height));
  const int last = static_cast<int>(std::ceil(std::clamp(bottom, 0.0f, height)));
  const Colour veil = air().fog * (1 - through);
  for (int v = first; v < last; ++v) {
    const float row = static_cast<float>(v);
    const float share = std::min(row + 1, bottom) - std::max(row, top);
    const float y = camera_.y - (row + 0.5f - camera_.horizon) * pixel;
    canvas_.blend(u, v, column(y) * through + veil, covered * share, id_);
  }
}

template <typename Shade>
void View::wall(float x, float z0, float z1, float y0, float y1, Shade&& shade) {
  z0 = std::max(z0, camera_.z + kNearest);
  if (z1 <= z0) return;
  const Point near = at(x, 0, z0), far = at(x, 0, z1);
  const float run = far.x - near.x;
  if (std::abs(run) < 1e-3f) return;
  const float left = std::min(near.x, far.x), right = std::max(near.x, far.x);
  const float width = static_cast<float>(canvas_.width());
  const int begin = static_cast<int>(std::clamp(left, 0.0f, width));
  const int end = static_cast<int>(std::ceil(std::clamp(right, 0.0f, width)));
  const float inverse_near = 1 / depth(z0), inverse_far = 1 / depth(z1);
  for (int u = begin; u < end; ++u) {
    const float column = static_cast<float>(u);
    const float centre = std::clamp(column + 0.5f, left, right);
    const float d = 1 / mix(inverse_near, inverse_far, (centre - near.x) / run);
    const float z = camera_.z + d, pixel = d / camera_.focal;
    paint_column(u, std::min(column + 1, right) - std::max(column, left), pixel, y0, y1,
                 transmittance(z), shade(z, pixel));
  }
}

template <typename Shade>
void View::facade(float z, float x0, float x1, float y0, float y1, Shade&& shade) {
  if (z - camera_.z < kNearest) return;
  const float left = at(x0, 0, z).x, right = at(x1, 0, z).x, pixel = 1 / scale(z);
  const float width = static_cast<float>(canvas_.width());
  const int begin = static_cast<int>(std::clamp(left, 0.0f, width));
  const int end = static_cast<int>(std::ceil(std::clamp(right, 0.0f, width)));
  const float through = transmittance(z);
  for (int u = begin; u < end; ++u) {
    const float column = static_cast<float>(u);
    paint_column(u, std::min(column + 1, right) - std::max(column, left), pixel, y0, y1, through,
                 shade(x0 + (column + 0.5f - left) * pixel, pixel));
  }
}

}  // namespace goldpan::scenes
