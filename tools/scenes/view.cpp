#include "scenes/view.hpp"

namespace goldpan::scenes {

View::View(Canvas& canvas, const Camera& camera, const World& world)
    : canvas_(canvas),
      camera_(camera),
      world_(world),
      darkness_(clamp01(1.2f - luminance(world.air.ambient) / 0.13f)) {}

Point View::at(float x, float y, float z) const {
  const float d = depth(z);
  const float k = camera_.focal / d;
  return {camera_.centre + (x - camera_.x + camera_.bend * d * d / 2) * k,
          camera_.horizon + (camera_.y - up(y)) * k};
}

Colour View::light_at(float x, float z) const {
  Colour light = world_.air.ambient;
  if (world_.roof.present && z > world_.roof.z0 && z < world_.roof.z1) {
    if (world_.roof.enclosed) {
      light = light * 0.12f + world_.roof.strip * 0.30f;
    } else {
      light = light * 0.45f;
    }
  }
  if (darkness_ <= 0) return light;
  for (const Point& lamp : world_.lamps) {
    const float d = square(lamp.x - x) + square(lamp.y - z);
    light += world_.air.lamp_colour * (world_.air.lamps * darkness_ * 0.16f / square(1 + d / 60));
  }
  const float d = z - camera_.z;
  if (d > 0) {
    const float across = (x - camera_.x) / (1.8f + 0.16f * d);
    const float beam = std::exp(-across * across) / (1 + square(d / 13));
    light += Colour{1.0f, 0.95f, 0.82f} * (0.55f * world_.air.headlights * darkness_ * beam);
  }
  return light;
}

Colour View::lit(Colour albedo, Face face, float x, float z) const {
  Colour light = light_at(x, z);
  const Air& sky = world_.air;
  const bool roofed = world_.roof.present && z > world_.roof.z0 && z < world_.roof.z1;
  if (sky.sun.r() > 0 && !roofed) {
    const float across = std::sin(sky.azimuth) * std::cos(sky.elevation);
    const float along = std::cos(sky.azimuth) * std::cos(sky.elevation);
    const float cosine = face == Face::kNear    ? -along
                         : face == Face::kLeft  ? -across
                         : face == Face::kRight ? across
                                                : std::sin(sky.elevation);
    light += sky.sun * std::max(0.0f, cosine);
  }
  if (face == Face::kTop) light = light * 1.15f;
  return albedo * light;
}

float View::transmittance(float z) const { return std::exp(-world_.air.fog_density * depth(z)); }

Colour View::haze(Colour colour, float z) const {
  return mix(world_.air.fog, colour, transmittance(z));
}

void View::polygon(std::span<const Point> points, Colour colour, float z, float alpha) {
  if (mirror_ > 0) {
    canvas_.fill(points, {haze(colour, z), alpha * mirror_, 0});
  } else {
    canvas_.fill(points, {haze(colour, z), alpha, id_});
  }
}

void View::flat(float z, std::initializer_list<Point> outline, Colour colour, float alpha) {
  if (z - camera_.z < kNearest) return;
  std::array<Point, Canvas::kMostCorners> points;
  std::size_t count = 0;
  for (const Point& p : outline) points[count++] = at(p.x, p.y, z);
  polygon(std::span(points).first(count), colour, z, alpha);
}

void View::front(float z, float x0, float y0, float x1, float y1, Colour colour, float alpha) {
  flat(z, {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}, colour, alpha);
}

void View::side(float x, std::initializer_list<Point> outline, Colour colour, float alpha) {
  std::array<Point, Canvas::kMostCorners> points;
  std::size_t count = 0;
  float z = 0;
  for (const Point& p : outline) {
    points[count++] = at(x, p.y, p.x);
    z += p.x;
  }
  polygon(std::span(points).first(count), colour, z / static_cast<float>(count), alpha);
}

void View::disc(float x, float y, float z, float radius_x, float radius_y, Colour colour,
                float alpha) {
  if (z - camera_.z < kNearest) return;
  const float k = scale(z);
  canvas_.ellipse(
      at(x, y, z), radius_x * k, radius_y * k,
      {haze(colour, z), mirror_ > 0 ? alpha * mirror_ : alpha, mirror_ > 0 ? ObjectId{0} : id_});
}

void View::bar(float x0, float y0, float x1, float y1, float z, float width, Colour colour) {
  if (z - camera_.z < kNearest) return;
  canvas_.line(at(x0, y0, z), at(x1, y1, z), width * scale(z),
               {haze(colour, z), mirror_ > 0 ? mirror_ : 1.0f, mirror_ > 0 ? ObjectId{0} : id_});
}

void View::shadow(float x0, float z0, float x1, float z1, float strength) {
  if (mirror_ > 0) return;
  const std::array<Point, 4> patch = {at(x0, 0, z0), at(x1, 0, z0), at(x1, 0, z1), at(x0, 0, z1)};
  canvas_.fill(patch, {haze({}, z0), strength * transmittance(z0), 0});
}

void View::lamp(float x, float y, float z, float size, Colour colour, float halo) {
  if (z - camera_.z < kNearest || mirror_ > 0) return;
  const Point centre = at(x, y, z);
  const float through = transmittance(z);
  const float radius = size / 2 * scale(z);
  canvas_.ellipse(centre, radius, radius, {colour * through, through, id_});
  const Air& sky = world_.air;
  if (halo > 0) {
    const float spread = 1 + 25 * sky.fog_density;
    const float reach =
        (3 + radius * 5) * halo * spread * static_cast<float>(canvas_.width()) / 320;
    canvas_.glow(centre, reach, colour * (0.35f * through * std::min(1.0f, 0.3f + radius)));
  }
  if (sky.wet > 0 && y > 0) {
    // A rough wet road draws a lamp out towards the camera.
    const Point foot = at(x, -y * 0.3f, z);
    const float length = scale(z) * (1.2f + 2.0f * y * 0.5f);
    canvas_.streak(foot, length, std::max(0.8f, radius * 1.1f),
                   colour * (0.22f * sky.wet * through * std::min(1.0f, 0.25f + radius)));
  }
}

}  // namespace goldpan::scenes
