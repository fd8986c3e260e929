#include "scenes/noise.hpp"
#include "scenes/things.hpp"

namespace goldpan::scenes {
namespace {

constexpr Colour kRubber = {0.012f, 0.012f, 0.013f};
constexpr Colour kTrim = {0.03f, 0.03f, 0.032f};

Colour glass(const View& view, const Thing& thing) {
  // Panes mirror the sky behind the camera.
  return view.air().zenith * 0.14f + view.air().horizon * 0.12f +
         view.lit(grey(0.035f), Face::kNear, thing.x, thing.z);
}

/// Which side of a box along the road the camera sees: its plane x, or nothing when it is straight
/// ahead.
struct Flank {
  bool seen = false;
  float x = 0;
  Face face = Face::kLeft;
};
Flank flank(const View& view, float x, float width) {
  // Bends turn far things; near enough for a choice between left and right.
  if (view.camera().x < x - width / 2) return {true, x - width / 2, Face::kLeft};
  if (view.camera().x > x + width / 2) return {true, x + width / 2, Face::kRight};
  return {};
}

void wheel_on_side(View& view, float x, float z, float radius) {
  view.side(x,
            {{z - radius, radius * 0.6f},
             {z - radius * 0.5f, 0},
             {z + radius * 0.5f, 0},
             {z + radius, radius * 0.6f},
             {z + radius, radius * 1.3f},
             {z + radius * 0.5f, radius * 1.9f},
             {z - radius * 0.5f, radius * 1.9f},
             {z - radius, radius * 1.3f}},
            kRubber);
  view.side(x,
            {{z - radius * 0.45f, radius * 0.6f},
             {z + radius * 0.45f, radius * 0.6f},
             {z + radius * 0.45f, radius * 1.4f},
             {z - radius * 0.45f, radius * 1.4f}},
            view.lit(grey(0.30f), Face::kLeft, x, z));
}

void tail_lamps(View& view, const Thing& thing, float y, float half_width, float size) {
  const Air& air = view.air();
  const bool braking = hash(thing.look, 70) % 4 == 0;
  const float power = thing.parked ? 0 : std::max(air.headlights * 0.8f, braking ? 1.0f : 0.0f);
  const float z = thing.z;
  for (const float x : {thing.x - half_width, thing.x + half_width}) {
    view.front(z, x - size, y - size * 0.6f, x + size, y + size * 0.6f,
               view.lit({0.30f, 0.015f, 0.015f}, Face::kNear, x, z) +
                   Colour{0.55f, 0.02f, 0.012f} * power);
    if (power > 0.1f)
      view.lamp(x, y, z, size * 1.2f, Colour{1.25f, 0.10f, 0.05f} * power,
                0.25f + 0.85f * view.darkness());
  }
}

void headlamps(View& view, const Thing& thing, float y, float half_width, float size) {
  const Air& air = view.air();
  const float z = thing.z;
  const bool daytime_lights = hash(thing.look, 71) % 3 == 0;
  const float power = thing.parked ? 0 : std::max(air.headlights, daytime_lights ? 0.35f : 0.0f);
  for (const float x : {thing.x - half_width, thing.x + half_width}) {
    view.front(z, x - size, y - size * 0.5f, x + size, y + size * 0.5f,
               view.lit(grey(0.55f), Face::kNear, x, z));
    if (power > 0.1f)
      view.lamp(x, y, z, size * 1.5f, Colour{2.6f, 2.45f, 2.1f} * power,
                0.35f + 2.0f * view.darkness());
  }
}

struct Body {
  float sill, waist, roof;  // heights, metres
  float cabin0, cabin1;     // where the cabin's foot begins and ends, shares of the length
  float top0, top1;         // the same for its roof
  float taper;              // width of the roof against the body
  bool boxy;
};

Body body_of(const Thing& thing) {
  const float h = thing.height;
  if (thing.kind == Kind::kVan)
    return {0.35f, h * 0.55f, h, 0.0f, 0.86f, 0.02f, 0.72f, 0.88f, true};
  if (hash(thing.look, 72) % 3 == 0)
    return {0.38f, h * 0.58f, h, 0.02f, 0.76f, 0.08f, 0.60f, 0.80f, false};  // hatchback or SUV
  return {0.30f, h * 0.62f, h, 0.13f, 0.76f, 0.30f, 0.58f, 0.76f, false};
}

void car(View& view, const Thing& thing) {
  const Body body = body_of(thing);
  const float x = thing.x, z = thing.z, half = thing.width / 2, length = thing.length;
  // Seen from ahead the cabin lies the other way round.
  const auto along = [&](float share) { return z + length * (thing.towards ? 1 - share : share); };
  view.shadow(x - half * 1.08f, z - 0.35f, x + half * 1.08f, z + length, 0.62f);

  const Flank side = flank(view, x, thing.width);
  const Colour paint_side = view.lit(thing.colour, side.face, x, z);
  const Colour panes = glass(view, thing);
  if (side.seen) {
    const float inset =
        side.x + (side.face == Face::kLeft ? 1.0f : -1.0f) * half * (1 - body.taper) * 0.5f;
    view.side(side.x,
              {{z, body.sill},
               {z + length, body.sill},
               {z + length, body.waist * 0.95f},
               {z + length * 0.5f, body.waist},
               {z, body.waist * 0.97f}},
              paint_side);
    view.side(inset,
              {{along(body.cabin0), body.waist - 0.03f},
               {along(body.cabin1), body.waist - 0.03f},
               {along(body.top1), body.roof},
               {along(body.top0), body.roof}},
              paint_side * 0.9f);
    view.side(inset,
              {{along(mix(body.cabin0, body.top0, 0.25f) + 0.03f), body.waist + 0.02f},
               {along(mix(body.cabin1, body.top1, 0.25f) - 0.03f), body.waist + 0.02f},
               {along(body.top1 - 0.01f), body.roof - 0.10f},
               {along(body.top0 + 0.01f), body.roof - 0.10f}},
              panes);
    view.side(inset,
              {{along(0.47f), body.waist},
               {along(0.50f), body.waist},
               {along(0.50f), body.roof - 0.06f},
               {along(0.47f), body.roof - 0.06f}},
              paint_side * 0.8f);
    view.side(side.x,
              {{z, body.sill - 0.08f},
               {z + length, body.sill - 0.08f},
               {z + length, body.sill + 0.05f},
               {z, body.sill + 0.05f}},
              view.lit(kTrim, side.face, x, z));
    wheel_on_side(view, side.x, z + length * 0.19f, 0.32f);
    wheel_on_side(view, side.x, z + length * 0.81f, 0.32f);
  }

  // Cabin behind the near face: its window slopes away from the camera.
  const float cabin_z = along(thing.towards ? body.cabin1 : body.cabin0),
              top_z = along(thing.towards ? body.top1 : body.top0);
  const Colour paint = view.lit(thing.colour, Face::kNear, x, z);
  const Colour top_paint = view.lit(thing.colour, Face::kTop, x, z);
  if (cabin_z > view.camera().z + kNearest) {
    const float top_half = half * body.taper;
    const auto sloped = [&](float foot_half, float head_half, float y0, float y1, Colour colour) {
      const std::array<Point, 4> quad = {
          view.at(x - foot_half, y0, cabin_z), view.at(x + foot_half, y0, cabin_z),
          view.at(x + head_half, y1, top_z), view.at(x - head_half, y1, top_z)};
      view.polygon(quad, colour, z);
    };
    sloped(half * 0.95f, top_half, body.waist - 0.04f, body.roof, mix(paint, top_paint, 0.3f));
    sloped(half * 0.85f, top_half * 0.90f, body.waist + 0.01f, body.roof - 0.08f, panes);
    // Bonnet or boot lid between the near face and the cabin.
    if (std::abs(cabin_z - z) > 0.2f) {
      const std::array<Point, 4> lid = {view.at(x - half * 0.93f, body.waist * 0.96f, z),
                                        view.at(x + half * 0.93f, body.waist * 0.96f, z),
                                        view.at(x + half * 0.92f, body.waist, cabin_z),
                                        view.at(x - half * 0.92f, body.waist, cabin_z)};
      view.polygon(lid, top_paint, z);
      if (view.air().snow_verge > 0.5f && view.air().snowfall > 0.3f)
        view.polygon(lid, view.lit(grey(0.8f), Face::kTop, x, z), z, 0.7f);
    }
  }
  if (view.air().snow_verge > 0.5f && hash(thing.look, 74) % 2 == 0) {
    view.front(top_z, x - half * body.taper, body.roof - 0.02f, x + half * body.taper,
               body.roof + 0.10f, view.lit(grey(0.82f), Face::kTop, x, z));
  }

  // Near face: wheels, bumper, body with chamfered corners, lamps, plate.
  view.front(z + 0.1f, x - half * 0.95f, 0, x - half * 0.62f, 0.4f, kRubber);
  view.front(z + 0.1f, x + half * 0.62f, 0, x + half * 0.95f, 0.4f, kRubber);
  const float w = body.waist * 0.97f;
  view.flat(z,
            {{x - half * 0.94f, body.sill - 0.08f},
             {x + half * 0.94f, body.sill - 0.08f},
             {x + half, body.sill + 0.15f},
             {x + half, w - 0.12f},
             {x + half * 0.92f, w},
             {x - half * 0.92f, w},
             {x - half, w - 0.12f},
             {x - half, body.sill + 0.15f}},
            paint);
  view.front(z, x - half * 0.95f, body.sill - 0.08f, x + half * 0.95f, body.sill + 0.12f,
             view.lit(kTrim * 1.8f, Face::kNear, x, z));
  view.front(z, x - half * 0.9f, w - 0.07f, x + half * 0.9f, w - 0.02f,
             mix(paint, top_paint + grey(0.02f), 0.6f));
  if (thing.towards) {
    view.front(z, x - half * 0.55f, body.sill + 0.12f, x + half * 0.55f, w - 0.20f,
               view.lit(kTrim * 1.5f, Face::kNear, x, z));
    headlamps(view, thing, w - 0.20f, half * 0.74f, 0.17f);
  } else {
    view.front(z, x - 0.24f, body.sill + 0.20f, x + 0.24f, body.sill + 0.34f,
               view.lit(grey(0.6f), Face::kNear, x, z));
    tail_lamps(view, thing, w - 0.17f, half * 0.80f, 0.16f);
  }
  if (thing.colour.r() > 0.6f && thing.colour.b() < 0.1f) {  // a taxi's sign
    view.front(
        top_z, x - 0.3f, body.roof, x + 0.3f, body.roof + 0.2f,
        view.lit(grey(0.8f), Face::kNear, x, z) + Colour{0.5f, 0.45f, 0.3f} * view.darkness());
  }
}

/// A car across the road or parked at right angles to it: its flank faces the camera.
void car_across(View& view, const Thing& thing) {
  const Body body = body_of(thing);
  const float z = thing.z, length = thing.length, x0 = thing.x - length / 2;
  const bool flip = hash(thing.look, 73) % 2 == 0;
  const auto along = [&](float share) { return x0 + length * (flip ? 1 - share : share); };
  view.shadow(x0, z - 0.2f, x0 + length, z + thing.width, 0.6f);
  const Flank end = flank(view, thing.x, length);
  if (end.seen) {
    const Colour paint = view.lit(thing.colour, end.face, end.x, z);
    const float z1 = z + thing.width;
    view.side(end.x, {{z, body.sill}, {z1, body.sill}, {z1, body.waist}, {z, body.waist}}, paint);
    const float cabin = end.x + (end.face == Face::kLeft ? 1 : -1) * length * 0.18f;
    view.side(cabin,
              {{z + 0.15f, body.waist},
               {z1 - 0.15f, body.waist},
               {z1 - 0.3f, body.roof},
               {z + 0.3f, body.roof}},
              glass(view, thing));
    const Colour lamp =
        end.face == Face::kLeft ? Colour{0.35f, 0.02f, 0.02f} : Colour{0.6f, 0.6f, 0.55f};
    for (const float at : {z + 0.22f, z1 - 0.22f}) {
      view.side(end.x,
                {{at - 0.15f, body.waist - 0.3f},
                 {at + 0.15f, body.waist - 0.3f},
                 {at + 0.15f, body.waist - 0.12f},
                 {at - 0.15f, body.waist - 0.12f}},
                view.lit(lamp, end.face, end.x, z));
    }
  }
  const Colour paint = view.lit(thing.colour, Face::kNear, thing.x, z);
  const Colour top = view.lit(thing.colour, Face::kTop, thing.x, z);
  view.flat(z + 0.15f,
            {{along(body.cabin0), body.waist - 0.05f},
             {along(body.cabin1), body.waist - 0.05f},
             {along(body.top1), body.roof},
             {along(body.top0), body.roof}},
            mix(paint, top, 0.35f));
  view.flat(z + 0.14f,
            {{along(mix(body.cabin0, body.top0, 0.2f) + 0.03f), body.waist},
             {along(mix(body.cabin1, body.top1, 0.2f) - 0.03f), body.waist},
             {along(body.top1 - 0.01f), body.roof - 0.1f},
             {along(body.top0 + 0.01f), body.roof - 0.1f}},
            glass(view, thing));
  view.front(z + 0.13f, along(0.475f) - 0.05f, body.waist, along(0.475f) + 0.05f, body.roof - 0.05f,
             paint);
  view.flat(z,
            {{x0, body.sill},
             {x0 + length, body.sill},
             {x0 + length, body.waist * 0.9f},
             {x0 + length * 0.9f, body.waist},
             {x0 + length * 0.1f, body.waist},
             {x0, body.waist * 0.9f}},
            paint);
  view.front(z, x0, body.sill - 0.1f, x0 + length, body.sill + 0.06f,
             view.lit(kTrim, Face::kNear, thing.x, z));
  for (const float share : {0.19f, 0.81f}) {
    view.disc(x0 + length * share, 0.33f, z, 0.36f, 0.36f, kRubber);
    view.disc(x0 + length * share, 0.33f, z, 0.18f, 0.18f,
              view.lit(grey(0.3f), Face::kNear, thing.x, z));
  }
  if (view.air().snow_verge > 0.5f)
    view.front(z + 0.12f, along(body.top0), body.roof - 0.03f, along(body.top1), body.roof + 0.12f,
               view.lit(grey(0.82f), Face::kTop, thing.x, z));
}

/// Trucks and buses: a tall box with a flank.
void box_vehicle(View& view, const Thing& thing) {
  const bool bus = thing.kind == Kind::kBus;
  const float x = thing.x, z = thing.z, half = thing.width / 2, length = thing.length,
              h = thing.height;
  const float floor = bus ? 0.35f : 0.95f;
  const Flank side = flank(view, x, thing.width);
  const Colour panes = glass(view, thing);
  const float inside = bus && !thing.parked ? view.darkness() * 0.45f : 0;
  view.shadow(x - half, z - 0.5f, x + half, z + length, 0.65f);
  if (side.seen) {
    const Colour paint = view.lit(thing.colour, side.face, x, z + 1);
    for (const float at : {0.10f, 0.22f, 0.85f})
      wheel_on_side(view, side.x, z + length * at, 0.48f);
    const float cab = !bus && thing.towards ? 0.22f : 0;
    const float z0 = z + length * cab,
                z1 = !bus && !thing.towards ? z + length * 0.78f : z + length;
    view.side(side.x, {{z0, floor}, {z1, floor}, {z1, h}, {z0, h}}, paint);
    if (bus) {
      view.side(side.x,
                {{z + 0.3f, h * 0.45f},
                 {z1 - 0.3f, h * 0.45f},
                 {z1 - 0.3f, h * 0.80f},
                 {z + 0.3f, h * 0.80f}},
                panes + Colour{1.0f, 0.95f, 0.8f} * inside);
      for (int i = 1; i < 7; ++i) {
        const float at = mix(z, z1, static_cast<float>(i) / 7);
        view.side(
            side.x,
            {{at, h * 0.45f}, {at + 0.12f, h * 0.45f}, {at + 0.12f, h * 0.80f}, {at, h * 0.80f}},
            paint * 0.6f);
      }
    } else {
      const Colour cab_paint = view.lit(
          Colour{hash01(thing.look, 81), hash01(thing.look, 82), hash01(thing.look, 83)} * 0.4f,
          side.face, x, z);
      const float c0 = thing.towards ? z : z1 + 0.4f, c1 = thing.towards ? z0 - 0.3f : z + length;
      view.side(side.x, {{c0, 0.5f}, {c1, 0.5f}, {c1, h * 0.74f}, {c0, h * 0.74f}}, cab_paint);
      view.side(side.x, {{z0, floor - 0.25f}, {z1, floor - 0.25f}, {z1, floor}, {z0, floor}},
                view.lit(kTrim, side.face, x, z));
      view.side(
          side.x,
          {{z0 + 1, h * 0.55f}, {z1 - 1, h * 0.55f}, {z1 - 1, h * 0.70f}, {z0 + 1, h * 0.70f}},
          cab_paint, 0.6f);
    }
  }
  const Colour paint = view.lit(thing.colour, Face::kNear, x, z);
  view.front(z + 0.15f, x - half * 0.95f, 0, x - half * 0.55f, 0.85f, kRubber);
  view.front(z + 0.15f, x + half * 0.55f, 0, x + half * 0.95f, 0.85f, kRubber);
  view.front(z, x - half * 0.9f, 0.45f, x + half * 0.9f, 0.75f,
             view.lit(kTrim * 2, Face::kNear, x, z));
  if (bus) {
    view.flat(z,
              {{x - half, floor},
               {x + half, floor},
               {x + half, h - 0.2f},
               {x + half * 0.92f, h},
               {x - half * 0.92f, h},
               {x - half, h - 0.2f}},
              paint);
    const float low = thing.towards ? 0.36f : 0.52f;
    view.front(z, x - half * 0.88f, h * low, x + half * 0.88f, h * 0.80f,
               panes + Colour{1.0f, 0.95f, 0.8f} * (inside * 0.5f));
    view.front(
        z, x - half * 0.6f, h * 0.84f, x + half * 0.6f, h * 0.95f,
        Colour{0.05f, 0.03f, 0.01f} + Colour{0.7f, 0.38f, 0.05f} * (0.4f + 0.6f * view.darkness()));
  } else if (thing.towards) {
    const Colour cab = view.lit(
        Colour{hash01(thing.look, 81), hash01(thing.look, 82), hash01(thing.look, 83)} * 0.45f,
        Face::kNear, x, z);
    view.front(z + 0.6f, x - half, floor, x + half, h, paint * 0.85f);
    view.front(z, x - half * 0.95f, 0.5f, x + half * 0.95f, h * 0.76f, cab);
    view.front(z, x - half * 0.85f, h * 0.44f, x + half * 0.85f, h * 0.70f, panes);
    view.front(z, x - half * 0.6f, h * 0.20f, x + half * 0.6f, h * 0.38f,
               view.lit(kTrim * 2, Face::kNear, x, z));
  } else {
    view.front(z, x - half, floor, x + half, h, paint);
    view.front(z, x - half, h - 0.14f, x + half, h, paint * 0.7f);
    view.front(z, x - 0.04f, floor, x + 0.04f, h - 0.14f, paint * 0.55f);
    view.front(z, x - half, floor, x + half, floor + 0.14f,
               view.lit({0.4f, 0.05f, 0.03f}, Face::kNear, x, z));
  }
  if (view.air().snow_verge > 0.5f)
    view.front(z, x - half * 0.95f, h, x + half * 0.95f, h + 0.12f,
               view.lit(grey(0.82f), Face::kTop, x, z));
  if (thing.towards) {
    headlamps(view, thing, 0.85f, half * 0.75f, 0.18f);
  } else {
    tail_lamps(view, thing, 0.9f, half * 0.82f, 0.15f);
  }
}

}  // namespace

void draw_vehicle(View& view, const Thing& thing) {
  if (thing.kind == Kind::kTruck || thing.kind == Kind::kBus) {
    box_vehicle(view, thing);
  } else if (thing.across) {
    car_across(view, thing);
  } else {
    car(view, thing);
  }
}

}  // namespace goldpan::scenes
