#include "scenes/noise.hpp"
#include "scenes/things.hpp"

namespace goldpan::scenes {
namespace {

/// A cloud of leaves: an ellipse with a ragged edge and holes, lighter towards the sky and the sun.
void foliage(View& view, float x, float y, float z, float radius_x, float radius_y, Colour albedo,
             std::uint32_t look) {
  if (z - view.camera().z < kNearest) return;
  Canvas& canvas = view.canvas();
  const Air& air = view.air();
  const Noise& noise = Noise::get();
  const Point centre = view.at(x, y, z);
  const float k = view.scale(z), rx = radius_x * k, ry = radius_y * k;
  const int x0 = static_cast<int>(std::clamp(centre.x - rx, 0.0f, float(canvas.width())));
  const int x1 = static_cast<int>(std::clamp(centre.x + rx + 1, 0.0f, float(canvas.width())));
  const int y0 = static_cast<int>(std::clamp(centre.y - ry, 0.0f, float(canvas.height())));
  const int y1 = static_cast<int>(std::clamp(centre.y + ry + 1, 0.0f, float(canvas.height())));
  const float sun_side = std::sin(air.azimuth) * std::cos(air.elevation);
  const Colour shade = view.light_at(x, z) * (1 - 0.5f * view.darkness()) * albedo;
  const Colour bright = air.sun * albedo * (view.world().roof.present ? 0.0f : 0.9f);
  const float through = view.transmittance(z);
  const float snow = air.snow_verge > 0.5f && air.snowfall > 0 ? 0.5f : 0;
  const float ox = 256 * hash01(look, 50), oy = 256 * hash01(look, 51);
  for (int v = y0; v < y1; ++v) {
    const float dy = (float(v) + 0.5f - centre.y) / ry;
    const float ly = oy + dy * radius_y * 16;
    const Noise::Row clumps = noise.row(ly), leaves = noise.row(ly * 3.7f);
    // The ragged edge lies within the ellipse of this row and a little beyond.
    const float half = rx * std::sqrt(std::max(0.0f, 1.05f - dy * dy));
    const int begin = std::max(x0, static_cast<int>(centre.x - half));
    const int end = std::min(x1, static_cast<int>(centre.x + half + 1));
    for (int u = begin; u < end; ++u) {
      const float dx = (float(u) + 0.5f - centre.x) / rx;
      const float d = dx * dx + dy * dy;
      const float lx = ox + dx * radius_x * 16;
      float leaf = clumps(lx);
      if (k > 25) leaf = mix(leaf, leaves(lx * 3.7f), 0.35f);  // leaves of a near tree
      const float cover = clamp01((1.0f - d + (leaf - 0.55f) * 0.9f) * 4);
      if (cover <= 0) continue;
      const float up = 0.55f - 0.40f * dy + 0.5f * (leaf - 0.5f);
      const float facing = clamp01(0.45f + 0.5f * (dx * sun_side - dy * 0.7f) + (leaf - 0.5f));
      Colour colour = shade * std::max(up, 0.15f) + bright * facing;
      if (snow > 0)
        colour = mix(colour, grey(0.8f) * view.light_at(x, z), snow * clamp01(-dy + leaf));
      canvas.blend(u, v, mix(air.fog, colour, through), cover, 0);
    }
  }
}

void branches(View& view, float x, float y, float z, float length, float angle, int depth,
              Colour colour, std::uint32_t look) {
  const float x1 = x + length * std::sin(angle), y1 = y + length * std::cos(angle);
  view.bar(x, y, x1, y1, z, 0.035f * length + 0.015f, colour);
  if (depth == 0) return;
  const int twigs = depth > 1 ? 3 : 2;
  for (int i = 0; i < twigs; ++i) {
    const std::uint32_t h =
        hash(look, static_cast<std::uint32_t>(depth), static_cast<std::uint32_t>(i));
    const float spread = (static_cast<float>(i) - static_cast<float>(twigs - 1) / 2) * 0.75f;
    branches(view, x1, y1, z, length * mix(0.6f, 0.8f, hash01(h)),
             angle + spread + 0.4f * (hash01(h, 1) - 0.5f), depth - 1, colour, h);
  }
}

}  // namespace

void draw_tree(View& view, const Thing& thing) {
  if (view.mirrored() || thing.z - view.camera().z < kNearest) return;
  const Colour bark = view.lit({0.09f, 0.07f, 0.055f}, Face::kNear, thing.x, thing.z);
  const float trunk = thing.height * 0.34f;
  view.shadow(thing.x - thing.width * 0.2f, thing.z - 0.3f, thing.x + thing.width * 0.2f,
              thing.z + 0.5f, 0.35f);
  if (view.air().winter) {
    const float k = view.scale(thing.z);
    branches(view, thing.x, 0, thing.z, trunk, 0.06f * (hash01(thing.look) - 0.5f),
             k * thing.height > 45   ? 4
             : k * thing.height > 16 ? 3
                                     : 2,
             bark, thing.look);
    return;
  }
  view.front(thing.z, thing.x - 0.16f, 0, thing.x + 0.16f, trunk * 1.4f, bark);
  const Colour leaves = thing.colour;
  constexpr int kClumps = 5;
  for (int i = 0; i < kClumps; ++i) {
    const std::uint32_t h = hash(thing.look, 60, static_cast<std::uint32_t>(i));
    const float spread = i == kClumps - 1 ? 0.0f : thing.width * 0.28f;
    const float x = thing.x + spread * (2 * hash01(h, 1) - 1);
    const float y = trunk + thing.height * (0.16f + 0.34f * hash01(h, 2));
    foliage(view, x, y, thing.z, thing.width * mix(0.30f, 0.42f, hash01(h, 3)),
            thing.height * mix(0.19f, 0.28f, hash01(h, 4)),
            leaves * mix(0.85f, 1.15f, hash01(h, 5)), h);
  }
}

void draw_conifer(View& view, const Thing& thing) {
  if (view.mirrored() || thing.z - view.camera().z < kNearest) return;
  const Colour needles = view.lit({0.035f, 0.07f, 0.04f}, Face::kNear, thing.x, thing.z) +
                         view.lit({0.02f, 0.04f, 0.02f}, Face::kTop, thing.x, thing.z);
  const Colour snow = view.lit(grey(0.8f), Face::kTop, thing.x, thing.z);
  view.front(thing.z, thing.x - 0.15f, 0, thing.x + 0.15f, 1.2f,
             view.lit({0.09f, 0.07f, 0.055f}, Face::kNear, thing.x, thing.z));
  constexpr int kTiers = 6;
  for (int i = 0; i < kTiers; ++i) {
    const float low = mix(0.10f, 0.82f, static_cast<float>(i) / (kTiers - 1)) * thing.height;
    const float top = std::min(low + thing.height * 0.30f, thing.height);
    const float half = thing.width / 2 * (1 - 0.80f * static_cast<float>(i) / (kTiers - 1)) *
                       mix(0.85f, 1.1f, hash01(thing.look, static_cast<std::uint32_t>(i)));
    view.flat(thing.z,
              {{thing.x - half, low},
               {thing.x, low - half * 0.15f},
               {thing.x + half, low},
               {thing.x, top}},
              needles * mix(0.85f, 1.2f, static_cast<float>(i) / kTiers));
    if (view.air().snow_verge > 0.3f) {
      view.flat(thing.z,
                {{thing.x - half, low},
                 {thing.x - half * 0.25f, low + (top - low) * 0.25f},
                 {thing.x + half * 0.6f, low + (top - low) * 0.12f},
                 {thing.x, top}},
                snow, 0.75f);
    }
  }
}

void draw_lamp_post(View& view, const Thing& thing) {
  const Colour metal = view.lit(grey(0.22f), Face::kNear, thing.x, thing.z);
  const float reach = thing.x > 0 ? -thing.width : thing.width;
  view.bar(thing.x, 0, thing.x, thing.height, thing.z, 0.16f, metal);
  view.bar(thing.x, thing.height, thing.x + reach, thing.height + 0.35f, thing.z, 0.12f, metal);
  const float y = thing.height + 0.22f, x = thing.x + reach;
  view.front(thing.z, x - 0.4f, y, x + 0.4f, y + 0.2f, metal);
  const Air& air = view.air();
  if (air.lamps > 0.05f)
    view.lamp(x, y, thing.z, 0.5f, air.lamp_colour * (2.2f * std::min(1.0f, air.lamps)), 1.5f);
}

void draw_utility_pole(View& view, const Thing& thing) {
  if (view.mirrored()) return;
  const Colour wood = view.lit({0.11f, 0.09f, 0.07f}, Face::kNear, thing.x, thing.z);
  const Colour wire = view.haze(view.lit(grey(0.03f), Face::kNear, thing.x, thing.z), thing.z);
  view.bar(thing.x, 0, thing.x, thing.height, thing.z, 0.26f, wood);
  view.bar(thing.x - 1.1f, thing.height - 0.7f, thing.x + 1.1f, thing.height - 0.7f, thing.z, 0.14f,
           wood);
  // Wires sag towards the next pole, which stands `length` farther.
  for (const float dx : {-1.0f, 0.3f, 1.0f}) {
    constexpr int kPieces = 6;
    for (int i = 0; i < kPieces; ++i) {
      const auto point = [&](int k) {
        const float t = static_cast<float>(k) / kPieces;
        return view.at(thing.x + dx, thing.height - 0.65f - 3.2f * t * (1 - t),
                       thing.z + thing.length * t);
      };
      view.canvas().line(point(i), point(i + 1), 0.03f * view.scale(thing.z + 2), {wire, 0.8f, 0});
    }
  }
}

}  // namespace goldpan::scenes
