#include "scenes/noise.hpp"
#include "scenes/things.hpp"

namespace goldpan::scenes {
namespace {

Colour cloth(std::uint32_t look, std::uint32_t which) {
  const float dark = hash(look, which) % 3 == 0 ? 0.45f : 0.10f;
  const Colour hue = {hash01(look, which, 1), hash01(look, which, 2), hash01(look, which, 3)};
  return mix(grey(luminance(hue)), hue, 0.6f) * dark + grey(0.015f);
}

constexpr Colour kSkins[] = {{0.50f, 0.33f, 0.24f}, {0.36f, 0.22f, 0.14f}, {0.17f, 0.09f, 0.055f}};

/// Torso, arms and head of somebody whose hips are at y.
void upper_body(View& view, const Thing& thing, float y, float height, float lean) {
  const float x = thing.x, z = thing.z, k = height / 1.72f;
  const Colour coat = view.lit(cloth(thing.look, 90), Face::kNear, x, z);
  const Colour skin = view.lit(kSkins[hash(thing.look, 91) % 3], Face::kNear, x, z);
  const float chest = y + 0.58f * k;
  view.flat(z,
            {{x - 0.17f * k, y - 0.10f},
             {x + 0.17f * k, y - 0.10f},
             {x + lean + 0.23f * k, chest - 0.06f},
             {x + lean + 0.15f * k, chest},
             {x + lean - 0.15f * k, chest},
             {x + lean - 0.23f * k, chest - 0.06f}},
            coat);
  view.bar(x + lean - 0.22f * k, chest - 0.07f, x - 0.27f * k, y + 0.02f, z, 0.11f * k,
           coat * 0.85f);
  view.bar(x + lean + 0.22f * k, chest - 0.07f, x + 0.27f * k, y + 0.02f, z, 0.11f * k,
           coat * 0.85f);
  view.disc(x + lean, chest + 0.16f * k, z, 0.105f * k, 0.135f * k, skin);
  const bool cap = view.air().winter || hash(thing.look, 92) % 3 == 0;
  const Colour hair = cap ? cloth(thing.look, 93) : Colour{0.03f, 0.02f, 0.015f};
  view.disc(x + lean, chest + 0.22f * k, z, 0.108f * k, 0.085f * k,
            view.lit(hair, Face::kNear, x, z));
}

void two_legs(View& view, const Thing& thing, float hips, float swing) {
  const float x = thing.x, z = thing.z;
  const Colour trousers = view.lit(cloth(thing.look, 94) * 0.6f, Face::kNear, x, z);
  view.bar(x - 0.08f, hips, x - 0.08f - swing, 0.04f, z, 0.15f, trousers);
  view.bar(x + 0.08f, hips, x + 0.08f + swing, 0.04f, z, 0.15f, trousers * 0.9f);
}

}  // namespace

void draw_pedestrian(View& view, const Thing& thing) {
  const float k = thing.height / 1.72f;
  view.shadow(thing.x - 0.3f, thing.z - 0.15f, thing.x + 0.3f, thing.z + 0.25f, 0.5f);
  // Steps follow the ground covered, so that neighbours in a drive differ by a real stride.
  const float walked = thing.x * 3.6f + thing.z * 3.6f;
  two_legs(view, thing, 0.86f * k,
           0.20f * std::sin(walked) * (thing.stride != 0 || thing.speed != 0 ? 1.0f : 0.3f));
  upper_body(view, thing, 0.88f * k, thing.height, 0.02f);
  if (view.air().rain > 0.15f && hash(thing.look, 95) % 4 != 0) {
    const Colour dome = view.lit(cloth(thing.look, 96) + grey(0.03f), Face::kTop, thing.x, thing.z);
    const float y = thing.height + 0.12f;
    view.bar(thing.x + 0.2f, 1.0f * k, thing.x + 0.05f, y, thing.z, 0.03f, grey(0.03f));
    view.flat(thing.z,
              {{thing.x - 0.55f, y},
               {thing.x + 0.65f, y},
               {thing.x + 0.45f, y + 0.22f},
               {thing.x + 0.05f, y + 0.32f},
               {thing.x - 0.35f, y + 0.22f}},
              dome);
  }
}

void draw_two_wheeler(View& view, const Thing& thing) {
  const bool motor = thing.kind == Kind::kMotorcycle;
  const float x = thing.x, z = thing.z;
  const Colour frame = view.lit(thing.colour, Face::kNear, x, z);
  view.shadow(x - 0.3f, z - 0.2f, x + 0.3f, z + 1.6f, 0.5f);
  view.disc(x, 0.34f, z, motor ? 0.10f : 0.05f, 0.34f, view.lit(grey(0.02f), Face::kNear, x, z));
  if (motor) {
    view.front(z, x - 0.22f, 0.45f, x + 0.22f, 0.85f, frame);
  } else {
    view.bar(x - 0.28f, 1.0f, x + 0.28f, 1.0f, z, 0.05f, frame);
    view.bar(x, 0.4f, x, 0.95f, z, 0.06f, frame);
  }
  const float pedal = motor ? 0.0f : 0.10f * std::sin(z * 2.1f);
  two_legs(view, thing, 0.92f, pedal + 0.07f);
  upper_body(view, thing, 0.92f, 1.7f, 0.0f);
  if (motor)
    view.disc(x, 1.66f, z, 0.15f, 0.16f, view.lit(cloth(thing.look, 97), Face::kNear, x, z));
  const float power = view.air().headlights;
  if (power > 0.1f) {
    const Colour light = thing.towards ? Colour{2.2f, 2.1f, 1.8f} : Colour{1.2f, 0.09f, 0.05f};
    view.lamp(x, 0.80f, z, 0.14f, light * power, 0.3f + 0.8f * view.darkness());
  }
}

}  // namespace goldpan::scenes
