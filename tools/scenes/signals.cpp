#include "scenes/noise.hpp"
#include "scenes/things.hpp"

namespace goldpan::scenes {
namespace {

enum class SignShape { kSpeedLimit, kStop, kWarning, kStreetName, kParking, kYield };

SignShape shape_of(const Thing& thing) { return static_cast<SignShape>(hash(thing.look, 100) % 6); }

int signal_state(const Thing& thing) {  // 0 red, 1 yellow, 2 green
  const std::uint32_t h = hash(thing.look, 101) % 10;
  return h < 5 ? 0 : h < 6 ? 1 : 2;
}

/// Sheeting that throws headlights back at the car they come from.
Colour sheeting(const View& view, Colour albedo, float x, float z) {
  const float d = std::max(z - view.camera().z, 4.0f);
  const float back = view.darkness() * view.air().headlights * 0.9f / (1 + square(d / 55));
  return view.lit(albedo, Face::kNear, x, z) + albedo * back;
}

/// Dark dashes that read as lettering.
void lettering(View& view, float z, float x0, float x1, float y0, float y1, std::uint32_t look,
               Colour ink) {
  const int letters = 4 + static_cast<int>(hash(look, 102) % 4);
  for (int i = 0; i < letters; ++i) {
    if (hash(look, 103, static_cast<std::uint32_t>(i)) % 5 == 0) continue;
    const float a = mix(x0, x1, (static_cast<float>(i) + 0.15f) / static_cast<float>(letters));
    const float b = mix(x0, x1, (static_cast<float>(i) + 0.85f) / static_cast<float>(letters));
    view.front(z, a, y0, b, y1, ink, 0.8f);
  }
}

}  // namespace

std::string signal_colour(const Thing& thing) {
  if (thing.kind != Kind::kTrafficLight) return "NA";
  constexpr const char* kStates[] = {"red", "yellow", "green"};
  return kStates[signal_state(thing)];
}

void draw_traffic_light(View& view, const Thing& thing, ObjectId id) {
  if (view.mirrored()) return;
  const float x = thing.x, z = thing.z, y = thing.height;
  const Colour metal = view.lit(grey(0.10f), Face::kNear, x, z);
  // A pole at the kerb and an arm over the road; the box hangs from the arm's end.
  view.bar(x + thing.width, 0, x + thing.width, y + 0.9f, z + 0.2f, 0.2f, metal);
  if (thing.width != 0)
    view.bar(x + thing.width, y + 0.8f, x - (thing.width > 0 ? 0.3f : -0.3f), y + 0.9f, z + 0.2f,
             0.13f, metal);
  view.set_id(id);
  const Colour box =
      view.lit(hash(thing.look, 104) % 2 == 0 ? Colour{0.35f, 0.25f, 0.02f} : grey(0.025f),
               Face::kNear, x, z);
  view.front(z, x - 0.22f, y - 0.62f, x + 0.22f, y + 0.62f, box);
  constexpr Colour kOn[] = {{2.2f, 0.10f, 0.06f}, {2.0f, 1.10f, 0.08f}, {0.12f, 1.9f, 0.95f}};
  const int state = signal_state(thing);
  for (int i = 0; i < 3; ++i) {
    const float at = y + 0.40f - 0.40f * static_cast<float>(i);
    view.disc(x, at, z, 0.15f, 0.15f, view.lit(kOn[i] * 0.02f, Face::kNear, x, z));
    if (i == state)
      view.lamp(x, at, z, 0.34f, kOn[i] * (0.75f + 0.45f * view.darkness()),
                0.35f + 1.0f * view.darkness());
  }
  view.set_id(0);
}

void draw_sign(View& view, const Thing& thing, ObjectId id) {
  if (view.mirrored()) return;
  const float x = thing.x, z = thing.z, y = thing.height, s = thing.width / 2;
  view.bar(x, 0, x, y, z + 0.05f, 0.07f, view.lit(grey(0.3f), Face::kNear, x, z));
  view.set_id(id);
  const Colour white = sheeting(view, grey(0.72f), x, z),
               black = view.lit(grey(0.02f), Face::kNear, x, z);
  switch (shape_of(thing)) {
    case SignShape::kSpeedLimit:
      view.front(z, x - s * 0.8f, y - s, x + s * 0.8f, y + s, black);
      view.front(z, x - s * 0.72f, y - s * 0.92f, x + s * 0.72f, y + s * 0.92f, white);
      view.front(z, x - s * 0.45f, y - s * 0.65f, x - s * 0.06f, y + s * 0.15f, black);
      view.front(z, x + s * 0.06f, y - s * 0.65f, x + s * 0.45f, y + s * 0.15f, black);
      break;
    case SignShape::kStop: {
      const float c = s * 0.42f;
      view.flat(z,
                {{x - c, y - s},
                 {x + c, y - s},
                 {x + s, y - c},
                 {x + s, y + c},
                 {x + c, y + s},
                 {x - c, y + s},
                 {x - s, y + c},
                 {x - s, y - c}},
                sheeting(view, {0.48f, 0.02f, 0.025f}, x, z));
      lettering(view, z, x - s * 0.75f, x + s * 0.75f, y - s * 0.25f, y + s * 0.25f, 1, white);
      break;
    }
    case SignShape::kWarning:
      view.flat(z, {{x, y - s * 1.2f}, {x + s * 1.2f, y}, {x, y + s * 1.2f}, {x - s * 1.2f, y}},
                sheeting(view, {0.75f, 0.46f, 0.02f}, x, z));
      view.front(z, x - s * 0.12f, y - s * 0.5f, x + s * 0.12f, y + s * 0.55f, black);
      break;
    case SignShape::kStreetName:
      view.front(z, x - s * 1.7f, y - s * 0.38f, x + s * 1.7f, y + s * 0.38f,
                 sheeting(view, {0.01f, 0.20f, 0.09f}, x, z));
      lettering(view, z, x - s * 1.4f, x + s * 1.4f, y - s * 0.18f, y + s * 0.18f, thing.look,
                white);
      break;
    case SignShape::kParking:
      view.front(z, x - s * 0.6f, y - s, x + s * 0.6f, y + s, white);
      view.front(z, x - s * 0.42f, y - s * 0.1f, x + s * 0.42f, y + s * 0.75f,
                 sheeting(view, {0.5f, 0.03f, 0.03f}, x, z));
      break;
    case SignShape::kYield:
      view.flat(z, {{x - s * 1.1f, y + s}, {x + s * 1.1f, y + s}, {x, y - s}},
                sheeting(view, {0.5f, 0.03f, 0.03f}, x, z));
      view.flat(z, {{x - s * 0.6f, y + s * 0.7f}, {x + s * 0.6f, y + s * 0.7f}, {x, y - s * 0.4f}},
                white);
      break;
  }
  view.set_id(0);
}

void draw_gantry(View& view, const Thing& thing, ObjectId id) {
  if (view.mirrored()) return;
  const float z = thing.z, y = thing.height;
  const Colour steel = view.lit(grey(0.33f), Face::kNear, thing.x, z);
  const float left = thing.x - thing.length / 2, right = thing.x + thing.length / 2;
  for (const float x : {left, right}) view.bar(x, 0, x, y + 2.4f, z + 0.3f, 0.35f, steel);
  for (const float dy : {0.6f, 1.9f}) view.bar(left, y + dy, right, y + dy, z + 0.3f, 0.16f, steel);
  view.set_id(id);
  const Colour green = sheeting(view, {0.012f, 0.22f, 0.10f}, thing.x, z),
               white = sheeting(view, grey(0.7f), thing.x, z);
  const float half = thing.width / 2,
              x = thing.x + thing.length * 0.18f * (hash01(thing.look) - 0.3f);
  view.front(z, x - half, y, x + half, y + 2.6f, white);
  view.front(z, x - half + 0.1f, y + 0.1f, x + half - 0.1f, y + 2.5f, green);
  lettering(view, z, x - half * 0.8f, x + half * 0.7f, y + 1.55f, y + 2.0f, thing.look, white);
  lettering(view, z, x - half * 0.7f, x + half * 0.5f, y + 0.85f, y + 1.25f, thing.look + 1, white);
  view.flat(z,
            {{x - 0.1f, y + 0.7f},
             {x + 0.1f, y + 0.7f},
             {x + 0.1f, y + 0.45f},
             {x + 0.3f, y + 0.45f},
             {x, y + 0.15f},
             {x - 0.3f, y + 0.45f},
             {x - 0.1f, y + 0.45f}},
            white);
  view.set_id(0);
}

}  // namespace goldpan::scenes
