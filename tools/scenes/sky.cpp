#include "scenes/sky.hpp"

#include <numbers>

#include "scenes/noise.hpp"
#include "scenes/view.hpp"

namespace goldpan::scenes {

Backdrop::Backdrop(const World& world, int width, int height)
    : width_(width + width / 3),
      height_(static_cast<int>(world.path.horizon * static_cast<float>(height)) + height / 6 + 2),
      centre_(static_cast<float>(width_) / 2),
      horizon_(world.path.horizon * static_cast<float>(height) + static_cast<float>(height / 12)),
      focal_(world.path.focal * static_cast<float>(width)),
      light_(static_cast<std::size_t>(width_) * height_) {
  paint_sky(world);
  paint_sun(world);
  paint_silhouettes(world);
}

void Backdrop::paint_sky(const World& world) {
  const Air& air = world.air;
  const Noise& noise = Noise::get();
  const float shift = 256 * hash01(world.drive.number, 1),
              drift = 256 * hash01(world.drive.number, 2);
  const float sun_side = std::sin(air.azimuth) > 0 ? 1.0f : -1.0f;
  const std::uint32_t star_field = hash(world.drive.number, 3);
  for (int y = 0; y < height_; ++y) {
    const float up = std::max((horizon_ - static_cast<float>(y) - 0.5f) / focal_, 0.0f);
    const Colour base = mix(air.horizon, air.zenith, std::pow(clamp01(up * 1.9f), 0.65f));
    const float low = std::exp(-up * 6.5f);
    const float distance = 1 / (up + 0.09f);
    const float from_horizon = smoothstep(0.0f, 0.10f, up);
    for (int x = 0; x < width_; ++x) {
      const float side = (static_cast<float>(x) + 0.5f - centre_) / focal_;
      const float turn =
          std::remainder(std::atan(side) - air.azimuth, 2 * std::numbers::pi_v<float>);
      Colour colour = base + air.sunset * (low * (0.30f + 0.70f * std::exp(-turn * turn * 1.6f)));
      if (air.stars > 0) {
        const std::uint32_t h =
            hash(static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), star_field);
        if (h % 1400 == 0) {
          colour += grey(air.stars * (0.05f + 0.35f * square(hash01(h))) * from_horizon);
        }
      }
      if (air.cloud_cover > 0) {
        const float cx = side * distance * 26 * air.cloud_scale + shift;
        const float cy = distance * 26 * air.cloud_scale + drift;
        const float here = noise.fractal(cx, cy);
        const float beside = noise.fractal(cx + 5 * sun_side, cy + 3);
        const float edge = 1 - air.cloud_cover;
        const float soft = air.cloud_softness / 2;
        const float density = smoothstep(edge - soft, edge + soft, here);
        const float thick = smoothstep(edge, edge + 0.75f, here);
        const float bright = clamp01(0.80f - 0.55f * thick + 1.4f * (here - beside));
        const Colour cloud =
            mix(air.cloud_dark, air.cloud_light, bright) + air.sunset * (0.35f * low * bright);
        colour = mix(colour, cloud, density * mix(0.35f, 1.0f, from_horizon));
      }
      pixel(x, y) = colour;
    }
  }
}

void Backdrop::paint_sun(const World& world) {
  const Air& air = world.air;
  const bool sun = air.sun_disc > 0;
  if ((!sun && !air.moon) || std::cos(air.azimuth) < 0.3f) return;
  const float sx = centre_ + focal_ * std::tan(air.azimuth);
  const float sy = horizon_ - focal_ * std::tan(air.elevation) / std::cos(air.azimuth);
  const bool day = world.drive.time == TimeOfDay::kDaytime;
  const Colour tint = !sun  ? Colour{0.75f, 0.78f, 0.85f}
                      : day ? Colour{1.0f, 0.96f, 0.86f}
                            : Colour{1.0f, 0.62f, 0.26f};
  const float core = sun ? 0.022f : 0.011f, strength = sun ? air.sun_disc : 0.9f;
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      const float dx = (static_cast<float>(x) + 0.5f - sx) / focal_;
      const float dy = (static_cast<float>(y) + 0.5f - sy) / focal_;
      const float d2 = dx * dx + dy * dy;
      const float disc = smoothstep(core * 1.25f, core, std::sqrt(d2)) * (sun ? 5.0f : 1.0f);
      const float halo =
          sun ? 0.55f / (1 + d2 * 130) + 0.12f / (1 + d2 * 12) - 0.04f : 0.06f / (1 + d2 * 400);
      pixel(x, y) += tint * (strength * std::max(0.0f, disc + halo));
    }
  }
}

void Backdrop::paint_silhouettes(const World& world) {
  const Air& air = world.air;
  const Noise& noise = Noise::get();
  const std::uint32_t seed = hash(world.drive.number, 7);
  const bool city = world.drive.place == Place::kCityStreet ||
                    world.drive.place == Place::kTunnel || world.drive.place == Place::kGasStation;
  const bool hills = hash01(seed, 9) < (city ? 0.25f : 0.6f);
  const Colour light = air.ambient + air.sun * 0.35f;
  // Far hills, then what stands between them and the road.
  for (int layer = 0; layer < 3; ++layer) {
    if (layer < 2 && !hills) continue;
    const float metres = layer == 0 ? 4000.0f : layer == 1 ? 1500.0f : 350.0f;
    const float tall = layer == 0 ? 0.085f : layer == 1 ? 0.05f : city ? 0.12f : 0.045f;
    const float through = std::exp(-metres * std::max(air.fog_density * 0.6f, 0.0002f));
    const Colour albedo = layer < 2
                              ? (air.snow_verge > 0.5f ? grey(0.55f) : Colour{0.13f, 0.17f, 0.15f})
                          : city       ? Colour{0.24f, 0.24f, 0.25f}
                          : air.winter ? Colour{0.13f, 0.115f, 0.10f}
                                       : Colour{0.05f, 0.085f, 0.035f};
    const Colour colour = mix(mix(air.fog, air.horizon, 0.5f), albedo * light, through);
    const float offset = 256 * hash01(seed, static_cast<std::uint32_t>(layer));
    for (int x = 0; x < width_; ++x) {
      const float side = static_cast<float>(x) / focal_;
      float rise = 0;
      std::uint32_t block = 0;
      if (layer == 2 && city) {
        block =
            hash(seed, static_cast<std::uint32_t>(side * 22 + 3 * noise.fractal(side * 9, offset)));
        rise = tall * (0.25f + 0.75f * square(hash01(block)));
      } else {
        const float rough = layer == 2 ? 90.0f : 14.0f;
        rise = tall *
               (0.25f + 0.75f * noise.fractal(side * rough + offset, 7.5f + 40.0f * float(layer)));
      }
      const float top = horizon_ - rise * focal_;
      const int first = std::max(0, static_cast<int>(top));
      for (int y = first; y < height_; ++y) {
        const float share = clamp01(static_cast<float>(y) + 1 - top);
        Colour here = colour;
        if (block != 0 && air.lit_windows > 0 && y % 3 == 1 && x % 3 == 1 &&
            hash01(block, static_cast<std::uint32_t>(y), static_cast<std::uint32_t>(x)) <
                air.lit_windows * 0.4f) {
          here += Colour{0.30f, 0.22f, 0.12f} * through;
        }
        Colour& out = pixel(x, y);
        out = mix(out, here, share);
      }
    }
  }
}

void Backdrop::draw(View& view) const {
  Canvas& canvas = view.canvas();
  const Camera& camera = view.camera();
  const int rows = std::min(canvas.height(), static_cast<int>(std::ceil(camera.horizon)) + 1);
  // The road ahead bends away to one side, and the view turns with it.
  const float turn = camera.bend * camera.z * camera.focal;
  const int dy = static_cast<int>(std::lround(horizon_ - camera.horizon));
  const int dx = static_cast<int>(std::lround(centre_ - camera.centre + turn));
  const int shift = std::clamp(dx, 0, width_ - canvas.width());
  for (int y = 0; y < rows; ++y) {
    const int from = std::clamp(y + dy, 0, height_ - 1);
    const Colour* const source = light_.data() + static_cast<std::size_t>(from) * width_ + shift;
    std::copy(source, source + canvas.width(), canvas.row(y));
  }
}

}  // namespace goldpan::scenes
