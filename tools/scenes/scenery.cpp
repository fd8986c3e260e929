#include "scenes/noise.hpp"
#include "scenes/things.hpp"

namespace goldpan::scenes {
namespace {

/// How a front is cut into windows.
struct Front {
  float storey = 3.2f, bay = 2.6f;                   // metres
  float window_width = 0.5f, window_height = 0.55f;  // shares of a bay and a storey
  float shop = 0;                                    // height of a shop front at the street, metres
  std::uint32_t look = 0;
  Colour wall, glass, sign;
};

/// Soft edge of [low, high] for a pixel of this size: far off, windows melt into the wall.
float band(float t, float low, float high, float pixel) {
  return clamp01((t - low) / pixel + 0.5f) * clamp01((high - t) / pixel + 0.5f);
}

std::uint32_t number(int i) { return static_cast<std::uint32_t>(i); }

/// One column of a front, `along` metres from its end.
class FrontColumn {
 public:
  FrontColumn(const Front& front, const Air& air, float along, float pixel, Colour light)
      : front_(front), air_(air), light_(light), pixel_(pixel / front.storey) {
    bay_ = whole_below(along / front.bay);
    const float u = along / front.bay - static_cast<float>(bay_);
    const float half = front.window_width / 2;
    across_ = band(u, 0.5f - half, 0.5f + half, pixel / front.bay);
    grain_ = 0.92f + 0.16f * Noise::get().rough(along * 3, 0);
    if (front.shop <= 0) return;
    shop_across_ = band(u, 0.06f, 0.94f, pixel / front.bay);
    shop_lit_ = hash01(front.look, number(whole_below(along / 7)), 11) < air.lit_windows * 1.8f;
  }

  Colour operator()(float y) {
    if (y < front_.shop) return shop(y);
    const float level = (y - front_.shop) / front_.storey;
    const int storey = whole_below(level);
    const float v = level - static_cast<float>(storey), half = front_.window_height / 2;
    const Colour wall = front_.wall * light_ * grain_;
    if (across_ <= 0) return wall;
    const float glass = across_ * band(v, 0.5f - half, 0.5f + half, pixel_);
    if (glass <= 0) {
      const bool sill = air_.snow_verge > 0.5f && v < 0.5f && v > 0.40f - half;
      return sill ? mix(wall, grey(0.8f) * light_, across_) : wall;
    }
    if (storey != storey_) look_into(storey);
    return mix(wall, lit_ ? pane_ : pane_ + air_.horizon * (0.22f * v), glass);
  }

 private:
  void look_into(int storey) {
    storey_ = storey;
    const std::uint32_t h = hash(front_.look, number(bay_), number(storey));
    lit_ = hash01(h) < air_.lit_windows;
    if (!lit_) {
      pane_ = front_.glass * light_ * (0.5f + 0.7f * hash01(h, 1));
    } else {
      const Colour lamp =
          hash(h, 3) % 5 == 0 ? Colour{0.40f, 0.50f, 0.58f} : Colour{0.62f, 0.46f, 0.24f};
      pane_ = lamp * (0.35f + 0.65f * hash01(h, 2));
    }
  }
  Colour shop(float y) const {
    if (y > front_.shop - 0.8f) return front_.sign * (shop_lit_ ? light_ + grey(0.6f) : light_);
    const Colour inside = shop_lit_ ? Colour{0.60f, 0.48f, 0.30f} *
                                          ((0.35f + 0.65f * hash01(front_.look, number(bay_))) *
                                           (0.55f + 0.25f * y / front_.shop))
                                    : front_.glass * light_ * 0.8f;
    return mix(front_.wall * light_ * 0.6f, inside, y > 0.5f ? shop_across_ : 0.0f);
  }

  const Front& front_;
  const Air& air_;
  Colour light_, pane_;
  float pixel_, across_ = 0, shop_across_ = 0, grain_ = 1;
  int bay_ = 0, storey_ = -1000;
  bool lit_ = false, shop_lit_ = false;
};

Front make_front(const Thing& thing, const Air& air) {
  Front front;
  front.look = thing.look;
  front.wall = thing.colour;
  front.storey = mix(2.9f, 4.0f, hash01(thing.look, 20));
  front.bay = mix(1.8f, 4.2f, hash01(thing.look, 21));
  front.window_width = mix(0.35f, 0.72f, hash01(thing.look, 22));
  front.window_height = mix(0.42f, 0.70f, hash01(thing.look, 23));
  if (hash(thing.look, 24) % 5 == 0) {  // ribbons of glass
    front.window_width = 1;
    front.window_height = 0.6f;
  }
  front.shop = hash(thing.look, 25) % 3 == 0 ? 0 : 3.8f;
  front.sign = Colour{hash01(thing.look, 5), hash01(thing.look, 6), hash01(thing.look, 7)} * 0.5f;
  front.glass = mix(Colour{0.05f, 0.06f, 0.07f}, air.zenith + Colour{0.04f, 0.05f, 0.06f}, 0.35f);
  return front;
}

}  // namespace

void draw_building(View& view, const Thing& thing) {
  if (view.mirrored()) return;
  const Air& air = view.air();
  const Front front = make_front(thing, air);
  const bool right = thing.x > 0;
  const float outer = right ? thing.x + thing.width : thing.x - thing.width;
  const float snow = air.snow_verge > 0.4f ? 0.45f : 0;
  // The end that looks at the camera, then the front along the street.
  const Colour end_light = view.lit(grey(1), Face::kNear, thing.x, thing.z);
  const bool blank = hash(thing.look, 30) % 2 == 0;
  const Colour plain = front.wall * end_light * 0.85f, end_cap = grey(0.8f) * end_light;
  view.facade(thing.z, std::min(thing.x, outer), std::max(thing.x, outer), 0, thing.height,
              [&](float x, float pixel) {
                return [&, column = FrontColumn(front, air, x, pixel, end_light)](float y) mutable {
                  return thing.height - y < snow ? end_cap : blank ? plain : column(y);
                };
              });
  const Face face = right ? Face::kLeft : Face::kRight;
  const Colour near_light =
      view.lit(grey(1), face, thing.x, std::max(thing.z, view.camera().z + 2));
  const Colour far_light = view.lit(grey(1), face, thing.x, thing.z + thing.length);
  view.wall(thing.x, thing.z, thing.z + thing.length, 0, thing.height, [&](float z, float pixel) {
    const Colour light = mix(near_light, far_light, clamp01((z - thing.z) / thing.length));
    return
        [&, light, column = FrontColumn(front, air, z - thing.z, pixel, light)](float y) mutable {
          if (thing.height - y < snow) return grey(0.82f) * light;
          const Colour colour = column(y);
          return thing.height - y < 0.5f ? colour * 0.75f : colour;
        };
  });
}

void draw_house(View& view, const Thing& thing) {
  if (view.mirrored()) return;
  const Air& air = view.air();
  Front front = make_front(thing, air);
  front.shop = 0;
  front.bay = 3.2f;
  front.window_width = 0.42f;
  const bool right = thing.x > 0;
  const float inner = thing.x, outer = right ? thing.x + thing.width : thing.x - thing.width;
  const float x0 = std::min(inner, outer), x1 = std::max(inner, outer);
  const float eaves = thing.height, ridge = thing.height + thing.width * 0.32f;
  const Colour end_light = view.lit(grey(1), Face::kNear, thing.x, thing.z);
  const Colour tile =
      mix(Colour{0.10f, 0.09f, 0.09f}, Colour{0.26f, 0.11f, 0.07f}, hash01(thing.look, 41));
  const Colour roof = mix(tile, grey(0.82f), air.snow_verge > 0.3f ? 0.93f : 0.0f);
  // The far slope of the roof, the gable, the wall along the street, and the slope above it.
  view.facade(thing.z, x0, x1, 0, eaves, [&](float x, float pixel) {
    return FrontColumn(front, air, x - x0, pixel, end_light);
  });
  view.flat(thing.z, {{x0, eaves}, {x1, eaves}, {(x0 + x1) / 2, ridge}},
            thing.colour * end_light * 0.92f);
  const Face face = right ? Face::kLeft : Face::kRight;
  const Colour side_light = view.lit(grey(1), face, inner, thing.z + 2);
  view.wall(inner, thing.z, thing.z + thing.length, 0, eaves, [&](float z, float pixel) {
    return FrontColumn(front, air, z - thing.z, pixel, side_light);
  });
  const float middle = (x0 + x1) / 2, overhang = right ? -0.5f : 0.5f;
  const float z1 = thing.z + thing.length;
  if (z1 > view.camera().z + kNearest) {
    const std::array<Point, 4> slope = {view.at(inner + overhang, eaves - 0.25f, thing.z - 0.4f),
                                        view.at(inner + overhang, eaves - 0.25f, z1),
                                        view.at(middle, ridge, z1),
                                        view.at(middle, ridge, thing.z - 0.4f)};
    const Colour light = (side_light + view.lit(grey(1), Face::kTop, inner, thing.z)) * 0.5f;
    view.polygon(slope, roof * light, thing.z + 3);
  }
}

void draw_wall(View& view, const Thing& thing) {
  if (view.mirrored()) return;
  const bool right = thing.x > view.camera().x;
  const Colour light =
      view.lit(grey(1), right ? Face::kLeft : Face::kRight, thing.x, thing.z + thing.length / 2);
  const float panel = 3 + 3 * hash01(thing.look);
  const bool lined = hash(thing.look, 2) % 2 == 0;
  const Noise& noise = Noise::get();
  view.wall(thing.x, thing.z, thing.z + thing.length, 0, thing.height, [&](float z, float pixel) {
    const float joint = 1 - band(z - panel * std::floor(z / panel), 0, 0.12f, pixel) * 0.35f;
    return [&, z, pixel, joint](float y) {
      const float grime =
          0.82f + 0.3f * noise.fractal(z * 4, y * 6) * (0.5f + 0.5f * clamp01(y / thing.height));
      const float cap = thing.height - y < 0.12f ? 1.15f : 1.0f;
      Colour colour = thing.colour;
      if (lined && thing.height > 3)
        colour = mix(colour, {0.42f, 0.36f, 0.20f}, 0.7f * band(y, 1.1f, 1.5f, pixel));
      return colour * light * (joint * grime * cap);
    };
  });
  if (view.air().snow_verge > 0.4f && thing.height < 3) {
    const Colour snow = grey(0.82f) * light;
    view.wall(thing.x, thing.z, thing.z + thing.length, thing.height - 0.1f, thing.height + 0.08f,
              [&](float, float) { return [&](float) { return snow; }; });
  }
}

void draw_bridge(View& view, const Thing& thing) {
  if (view.mirrored()) return;
  const Colour light = view.lit(grey(1), Face::kNear, 0, thing.z);
  const Noise& noise = Noise::get();
  view.facade(thing.z, -45, 45, thing.height, thing.height + 1.7f, [&](float x, float pixel) {
    const float post = 0.6f + 0.3f * band(x - 2 * std::floor(x / 2), 0, 0.2f, pixel);
    return [&, x, post](float y) {
      const float rail = y > thing.height + 1.1f ? post : 1.0f;
      return thing.colour * light * (rail * (0.85f + 0.3f * noise.fractal(x * 3, y * 5)));
    };
  });
  // What is seen of its underside.
  const std::array<Point, 4> under = {view.at(-45, thing.height, thing.z),
                                      view.at(45, thing.height, thing.z),
                                      view.at(45, thing.height, thing.z + thing.length),
                                      view.at(-45, thing.height, thing.z + thing.length)};
  view.polygon(under, thing.colour * light * 0.3f, thing.z);
  for (const float x : {-11.0f, 11.0f})
    view.front(thing.z + 0.2f, x - 0.7f, 0, x + 0.7f, thing.height, thing.colour * light * 0.7f);
}

void draw_pillar(View& view, const Thing& thing) {
  const Colour front = view.lit(thing.colour, Face::kNear, thing.x, thing.z);
  const float x0 = thing.x - thing.width / 2, x1 = thing.x + thing.width / 2;
  const float inner = thing.x > view.camera().x ? x0 : x1;
  const float z1 = thing.z + thing.width;
  if (z1 > view.camera().z + kNearest) {
    view.side(inner, {{thing.z, 0}, {z1, 0}, {z1, thing.height}, {thing.z, thing.height}},
              view.lit(thing.colour, Face::kLeft, thing.x, thing.z) * 0.8f);
  }
  view.front(thing.z, x0, 0, x1, thing.height, front);
  if (thing.height < 4) {  // yellow and black bumper of a garage
    view.front(thing.z, x0, 0.2f, x1, 1.0f,
               view.lit({0.55f, 0.42f, 0.03f}, Face::kNear, thing.x, thing.z));
  }
}

void draw_canopy(View& view, const Thing& thing) {
  if (view.mirrored()) return;
  const Air& air = view.air();
  const float x0 = thing.x - thing.width / 2, x1 = thing.x + thing.width / 2;
  const float y0 = thing.height, y1 = thing.height + 1.0f;
  const float z1 = thing.z + thing.length;
  const float own = 0.25f + 0.75f * view.darkness();
  for (const float z : {z1 - 2, thing.z + 2}) {
    for (const float x : {x0 + 2.5f, x1 - 2.5f})
      view.front(z, x - 0.25f, 0, x + 0.25f, y0,
                 view.lit(grey(0.6f), Face::kNear, x, z) + grey(0.2f * own));
  }
  const std::array<Point, 4> under = {view.at(x0, y0, thing.z), view.at(x1, y0, thing.z),
                                      view.at(x1, y0, z1), view.at(x0, y0, z1)};
  view.polygon(
      under,
      view.lit(grey(0.35f), Face::kNear, thing.x, thing.z) + Colour{0.75f, 0.78f, 0.72f} * own,
      thing.z + thing.length / 2);
  const Colour band_colour =
      thing.colour * (0.45f * own) + view.lit(thing.colour, Face::kNear, thing.x, thing.z);
  view.side(thing.x > view.camera().x ? x0 : x1, {{thing.z, y0}, {z1, y0}, {z1, y1}, {thing.z, y1}},
            band_colour * 0.8f);
  view.front(thing.z, x0, y0, x1, y1, band_colour);
  view.front(thing.z, x0, y0 + 0.55f, x1, y0 + 0.7f,
             grey(0.85f) * (luminance(air.ambient) + own * 0.5f));
  if (air.snow_verge > 0.4f)
    view.front(thing.z, x0, y1, x1, y1 + 0.25f,
               view.lit(grey(0.85f), Face::kTop, thing.x, thing.z));
}

void draw_pump(View& view, const Thing& thing) {
  const float x0 = thing.x - 0.5f, x1 = thing.x + 0.5f;
  view.front(thing.z, x0 - 0.3f, 0, x1 + 0.3f, 0.2f,
             view.lit(grey(0.4f), Face::kNear, thing.x, thing.z));
  view.front(thing.z, x0, 0.2f, x1, 2.0f, view.lit(thing.colour, Face::kNear, thing.x, thing.z));
  view.front(thing.z, x0 + 0.15f, 1.2f, x1 - 0.15f, 1.7f,
             grey(0.25f) + view.lit(grey(0.2f), Face::kNear, thing.x, thing.z));
}

}  // namespace goldpan::scenes
