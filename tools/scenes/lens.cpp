#include "scenes/lens.hpp"

#include <bit>
#include <vector>

#include "scenes/noise.hpp"

namespace goldpan::scenes {
namespace {

void tint(Canvas& canvas, int x, int y, Colour colour, float alpha) {
  Colour& pixel = canvas.row(y)[x];
  pixel = mix(pixel, colour, alpha);
}

/// A line of light that leaves object names alone.
void streak_line(Canvas& canvas, Point from, float dx, float dy, Colour colour, float alpha) {
  const int steps = static_cast<int>(std::abs(dy)) + 1;
  for (int i = 0; i < steps; ++i) {
    const float t = (static_cast<float>(i) + 0.5f) / static_cast<float>(steps);
    const float x = from.x + dx * t - 0.5f;
    const int y = static_cast<int>(from.y + dy * t), x0 = static_cast<int>(std::floor(x));
    if (y < 0 || y >= canvas.height()) continue;
    const float right = x - static_cast<float>(x0), strength = alpha * 4 * t * (1 - t);
    if (x0 >= 0 && x0 < canvas.width()) tint(canvas, x0, y, colour, strength * (1 - right));
    if (x0 + 1 >= 0 && x0 + 1 < canvas.width()) tint(canvas, x0 + 1, y, colour, strength * right);
  }
}

void soft_disc(Canvas& canvas, Point centre, float radius, float softness, Colour colour,
               float alpha) {
  const int x0 = std::max(0, static_cast<int>(centre.x - radius - 1)),
            x1 = std::min(canvas.width(), static_cast<int>(centre.x + radius + 2));
  const int y0 = std::max(0, static_cast<int>(centre.y - radius - 1)),
            y1 = std::min(canvas.height(), static_cast<int>(centre.y + radius + 2));
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) {
      const float d = std::sqrt(square(static_cast<float>(x) + 0.5f - centre.x) +
                                square(static_cast<float>(y) + 0.5f - centre.y));
      const float cover = clamp01((radius - d) / (radius * softness + 0.5f) + 0.25f);
      if (cover > 0) tint(canvas, x, y, colour, cover * alpha);
    }
  }
}

/// A drop on the glass shows the world behind it upside down and small.
void drop(Canvas& canvas, Point centre, float radius) {
  const int x0 = std::max(0, static_cast<int>(centre.x - radius)),
            x1 = std::min(canvas.width(), static_cast<int>(centre.x + radius + 1));
  const int y0 = std::max(0, static_cast<int>(centre.y - radius * 1.2f)),
            y1 = std::min(canvas.height(), static_cast<int>(centre.y + radius * 1.2f + 1));
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) {
      const float dx = (static_cast<float>(x) + 0.5f - centre.x) / radius,
                  dy = (static_cast<float>(y) + 0.5f - centre.y) / (radius * 1.2f);
      const float d = dx * dx + dy * dy;
      if (d > 1) continue;
      const int sx =
          std::clamp(static_cast<int>(centre.x - dx * radius * 5), 0, canvas.width() - 1);
      const int sy =
          std::clamp(static_cast<int>(centre.y - dy * radius * 5), 0, canvas.height() - 1);
      const float rim = d > 0.6f && dy < 0 ? 0.65f : 1.05f;
      tint(canvas, x, y, canvas.row(sy)[sx] * rim, 0.75f * clamp01((1 - d) * 3));
    }
  }
}

void blur(Canvas& canvas) {
  const int width = canvas.width(), height = canvas.height();
  std::vector<Colour> above(canvas.row(0), canvas.row(0) + width),
      here(static_cast<std::size_t>(width));
  for (int y = 0; y < height; ++y) {
    Colour* const row = canvas.row(y);
    std::copy(row, row + width, here.begin());
    const Colour* const below = canvas.row(std::min(y + 1, height - 1));
    for (int x = 0; x < width; ++x) {
      const auto i = static_cast<std::size_t>(x);
      const std::size_t left = i == 0 ? 0 : i - 1, right = std::min(i + 1, here.size() - 1);
      row[x] = here[i] * 0.4f + (above[i] + below[i] + here[left] + here[right]) * 0.15f;
    }
    above.swap(here);
  }
}

// Light is looked up by the exponent and the first eight bits of the mantissa of its float: steps
// of 0.4 %, finer than a grey step, without a square root or a logarithm per channel.
constexpr int kMantissaBits = 15;                                   // left out
constexpr std::uint32_t kDarkest = 0x37000000u >> kMantissaBits;    // 2^-17
constexpr std::uint32_t kBrightest = 0x41000000u >> kMantissaBits;  // 8

typedef std::int32_t Steps __attribute__((vector_size(16)));

Steps steps_of(Colour light) {
  const Lanes low = grey(std::bit_cast<float>(kDarkest << kMantissaBits)).lanes;
  const Lanes high = grey(std::bit_cast<float>(kBrightest << kMantissaBits)).lanes;
  Lanes clamped = light.lanes;
  clamped = clamped > low ? clamped : low;
  clamped = clamped < high ? clamped : high;
  return (std::bit_cast<Steps>(clamped) >> kMantissaBits) - static_cast<std::int32_t>(kDarkest);
}

}  // namespace

void draw_precipitation(View& view, Generator& generator) {
  Canvas& canvas = view.canvas();
  const Air& air = view.air();
  const float w = static_cast<float>(canvas.width()), h = static_cast<float>(canvas.height());
  const float unit = w / 320;
  const Colour air_light = air.ambient * 1.1f + grey(0.05f * view.darkness() * air.headlights);
  if (air.rain > 0.02f) {
    const float slant = 0.35f * (hash01(view.world().drive.number, 120) - 0.5f);
    const int count = static_cast<int>(110 * air.rain);
    for (int i = 0; i < count; ++i) {
      const float x = uniform(generator, -0.1f, 1.1f) * w, y = uniform(generator, -0.2f, 1.0f) * h;
      const float length = uniform(generator, 5, 20) * unit;
      // Streaks lean outwards with the wind of driving.
      const float lean = slant + 0.25f * (x / w - 0.5f);
      streak_line(canvas, {x, y}, length * lean, length, air_light * 1.25f,
                  uniform(generator, 0.10f, 0.34f));
    }
  }
  if (air.snowfall > 0) {
    const Colour flake = grey(0.55f) * luminance(air_light) + air_light * 0.75f;
    const int count = static_cast<int>(260 * air.snowfall);
    for (int i = 0; i < count; ++i) {
      const float near = static_cast<float>(generator.uniform());
      const float x = static_cast<float>(generator.uniform()) * w,
                  y = static_cast<float>(generator.uniform()) * h;
      const float radius =
          (near < 0.85f ? mix(0.35f, 1.1f, near) : mix(1.5f, 3.6f, (near - 0.85f) / 0.15f)) * unit;
      soft_disc(canvas, {x, y}, radius, 0.8f, flake, near < 0.85f ? 0.75f : 0.35f);
    }
  }
  if (air.drops > 0) {
    // Drops stay where they are while the wiper is away: most are the drive's, some the frame's.
    Generator stuck = Generator(view.world().drive.number).stream("drops");
    const int count = static_cast<int>(70 * air.drops);
    for (int i = 0; i < count; ++i) {
      Generator& from = i % 4 == 0 ? generator : stuck;
      const float x = static_cast<float>(from.uniform()) * w,
                  y = static_cast<float>(from.uniform()) * h;
      drop(canvas, {x, y}, mix(1.0f, 4.5f, square(static_cast<float>(from.uniform()))) * unit);
    }
  }
}

void draw_glare(View& view) {
  const Air& air = view.air();
  const World& world = view.world();
  if (air.sun_disc <= 0 || std::cos(air.azimuth) < 0.5f || world.roof.present) return;
  Canvas& canvas = view.canvas();
  const Camera& camera = view.camera();
  const Point sun = {
      camera.centre + camera.focal * std::tan(air.azimuth),
      camera.horizon - camera.focal * std::tan(air.elevation) / std::cos(air.azimuth)};
  const float w = static_cast<float>(canvas.width()), h = static_cast<float>(canvas.height());
  if (sun.x < -0.1f * w || sun.x > 1.1f * w || sun.y < -0.3f * h || sun.y > 0.9f * h) return;
  // A house or a truck before the sun leaves a rest of it, scattered by the windscreen.
  const int sun_x = std::clamp(static_cast<int>(sun.x), 0, canvas.width() - 1);
  const int sun_y = std::clamp(static_cast<int>(sun.y), 0, canvas.height() - 1);
  const float power = air.sun_disc * (luminance(canvas.row(sun_y)[sun_x]) > 1.2f ? 1.0f : 0.3f);
  const Colour tint_colour = world.drive.time == TimeOfDay::kDaytime ? Colour{1.0f, 0.95f, 0.85f}
                                                                     : Colour{1.0f, 0.60f, 0.28f};
  canvas.glow(sun, 0.65f * w, tint_colour * (0.20f * power));
  for (const float at : {0.55f, 1.25f, 1.6f}) {
    const Point ghost = {mix(sun.x, w / 2, at), mix(sun.y, h / 2, at)};
    soft_disc(canvas, ghost, 0.022f * w * at, 0.4f, tint_colour, 0.05f * std::min(2.0f, power));
  }
}

Film::Film(const Air& air) : air_(air), curve_(kBrightest - kDarkest + 1), grain_(kGrains) {
  for (std::size_t i = 0; i < curve_.size(); ++i) {
    const float light =
        std::bit_cast<float>((static_cast<std::uint32_t>(i) + kDarkest) << kMantissaBits);
    // A shoulder for the highlights, gamma, and contrast about a middle grey.
    const float value = std::pow(1 - std::exp(-1.5f * light), 1 / 2.2f);
    const float toe = smoothstep(0.0f, 0.30f, value);
    const float tone =
        clamp01(0.45f + (value - 0.45f) * mix(1.0f, air.contrast, toe) - 0.03f * (1 - toe) * toe);
    curve_[i] = static_cast<std::int32_t>(std::lround(255 * 128 * tone)) + 64;
  }
  const std::vector<float>& table = sensor_grain();
  for (std::size_t i = 0; i < grain_.size(); ++i) {
    grain_[i] = static_cast<std::int32_t>(std::lround(128 * air.grain * table[i]));
  }
}

Image Film::develop(Canvas& canvas, Generator& generator) const {
  if (air_.soft_focus) blur(canvas);
  const int width = canvas.width(), height = canvas.height();
  Image image{width, height,
              std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3)};
  const Colour gain = air_.white_balance * (air_.exposure * uniform(generator, 0.96f, 1.04f));
  const Colour veil = grey(air_.veil);
  // Plain pointers: a store through uint8_t* may change anything that is reached through `this`.
  const std::int32_t* const curve = curve_.data();
  const std::int32_t* const grain = grain_.data();
  std::vector<float> across(static_cast<std::size_t>(width));
  for (int x = 0; x < width; ++x) {
    across[static_cast<std::size_t>(x)] =
        0.75f * square((static_cast<float>(x) + 0.5f) / static_cast<float>(width) - 0.5f);
  }
  for (int y = 0; y < height; ++y) {
    const float down =
        1 - 0.5f * square((static_cast<float>(y) + 0.5f) / static_cast<float>(height) - 0.5f);
    const Colour* const light = canvas.row(y);
    std::uint8_t* out = image.pixels.data() + static_cast<std::size_t>(y) * width * 3;
    std::uint32_t at = generator.bits32();
    for (int x = 0; x < width; ++x) {
      const Steps steps =
          steps_of(light[x] * gain * (down - across[static_cast<std::size_t>(x)]) + veil);
      for (int c = 0; c < 3; ++c) {
        const std::int32_t tone = curve[steps[c]] + grain[at++ & (kGrains - 1)];
        *out++ = static_cast<std::uint8_t>(std::clamp(tone >> 7, 0, 255));
      }
    }
  }
  return image;
}

}  // namespace goldpan::scenes
