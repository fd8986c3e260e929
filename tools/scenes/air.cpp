#include "scenes/air.hpp"

#include <numbers>

#include "scenes/noise.hpp"

namespace goldpan::scenes {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

Colour vary(Generator& generator, Colour colour, float amount) {
  const float k = 1 + uniform(generator, -amount, amount);
  const auto channel = [&](float value) {
    return value * k * (1 + uniform(generator, -amount, amount) * 0.3f);
  };
  // Named one by one: the order in which arguments are evaluated is not fixed.
  const float r = channel(colour.r()), g = channel(colour.g()), b = channel(colour.b());
  return {r, g, b};
}

/// A cloudless sky at each time of day; weathers change it from there.
void open_sky(Air& air, TimeOfDay time, Generator& generator) {
  switch (time) {
    case TimeOfDay::kDaytime:
      air.zenith = vary(generator, {0.06f, 0.19f, 0.58f}, 0.25f);
      air.horizon = vary(generator, {0.46f, 0.64f, 0.88f}, 0.15f);
      air.azimuth = uniform(generator, -kPi, kPi);
      air.elevation = uniform(generator, 0.30f, 1.0f);
      air.sun = vary(generator, {1.45f, 1.30f, 1.05f}, 0.2f);
      air.ambient = vary(generator, {0.25f, 0.31f, 0.42f}, 0.15f);
      air.sun_disc = 1;
      air.cloud_light = {0.98f, 0.97f, 0.95f};
      air.cloud_dark = {0.50f, 0.54f, 0.60f};
      air.exposure = uniform(generator, 0.8f, 1.15f);
      break;
    case TimeOfDay::kDawnDusk: {
      const float depth =
          uniform(generator, 0, 1);  // 0: the sun touches the horizon; 1: last light
      air.zenith = mix(Colour{0.12f, 0.17f, 0.36f}, Colour{0.025f, 0.04f, 0.12f}, depth);
      air.horizon = mix(Colour{0.50f, 0.36f, 0.30f}, Colour{0.17f, 0.12f, 0.16f}, depth);
      air.sunset = vary(generator,
                        mix(Colour{1.05f, 0.42f, 0.06f}, Colour{0.55f, 0.15f, 0.05f}, depth), 0.2f);
      air.azimuth = uniform(generator, -1, 1) * (chance(generator, 0.6) ? 0.8f : kPi);
      air.elevation = mix(0.09f, -0.06f, depth);
      air.sun = depth < 0.4f ? Colour{0.42f, 0.23f, 0.10f} * (1 - depth) : Colour{};
      air.ambient = mix(Colour{0.20f, 0.18f, 0.21f}, Colour{0.07f, 0.075f, 0.11f}, depth);
      air.sun_disc = depth < 0.5f ? 0.8f : 0;
      air.cloud_light = mix(Colour{0.90f, 0.50f, 0.32f}, Colour{0.32f, 0.17f, 0.20f}, depth);
      air.cloud_dark = mix(Colour{0.24f, 0.20f, 0.27f}, Colour{0.07f, 0.06f, 0.10f}, depth);
      air.lamps = depth > 0.35f ? uniform(generator, 0.4f, 0.9f) : 0;
      air.headlights = uniform(generator, 0.3f, 0.8f);
      air.lit_windows = uniform(generator, 0.08f, 0.3f);
      air.exposure = uniform(generator, 0.9f, 1.5f);
      air.grain = 2.2f;
      break;
    }
    case TimeOfDay::kNight:
      air.zenith = vary(generator, {0.0022f, 0.0032f, 0.0075f}, 0.4f);
      air.horizon = vary(generator, {0.013f, 0.012f, 0.015f}, 0.5f);
      air.azimuth = uniform(generator, -kPi, kPi);
      air.elevation = uniform(generator, 0.15f, 0.6f);
      air.ambient = vary(generator, {0.012f, 0.012f, 0.016f}, 0.4f);
      air.cloud_light = {0.045f, 0.042f, 0.048f};
      air.cloud_dark = {0.014f, 0.014f, 0.018f};
      air.stars = uniform(generator, 0, 1);
      air.moon = chance(generator, 0.45);
      air.lamps = uniform(generator, 0.6f, 1.2f);
      air.headlights = uniform(generator, 0.8f, 1.2f);
      air.lit_windows = uniform(generator, 0.12f, 0.45f);
      air.exposure = uniform(generator, 0.85f, 1.5f);
      air.grain = uniform(generator, 2.5f, 4.5f);
      break;
  }
  air.lamp_colour =
      chance(generator, 0.6) ? Colour{1.0f, 0.62f, 0.25f} : Colour{0.85f, 0.92f, 1.0f};
  air.fog = air.horizon;
  air.fog_density = uniform(generator, 0.0006f, 0.0022f);
}

/// A closed grey sky: colours move towards `grey_level` of the time of day, and the sun goes.
void cover(Air& air, TimeOfDay time, float brightness, float keep_colour) {
  const float level = time == TimeOfDay::kDaytime    ? 0.66f
                      : time == TimeOfDay::kDawnDusk ? 0.20f * luminance(air.ambient) / 0.14f
                                                     : 0.020f;
  const Colour tint =
      time == TimeOfDay::kNight ? Colour{1.25f, 0.98f, 0.80f} : Colour{0.97f, 1.0f, 1.04f};
  const Colour flat = tint * (level * brightness);
  air.horizon = mix(flat * 1.12f, air.horizon, keep_colour);
  air.zenith = mix(flat * 0.88f, air.zenith, keep_colour * 0.4f);
  air.sunset = air.sunset * (0.5f * keep_colour);
  air.cloud_light = flat * 1.12f;
  air.cloud_dark = flat * 0.70f;
  air.ambient = time == TimeOfDay::kDaytime
                    ? Colour{0.60f, 0.62f, 0.65f} * brightness
                    : air.ambient * (time == TimeOfDay::kNight ? 1.2f : 0.9f * brightness);
  air.sun = {};
  air.sun_disc = 0;
  air.stars = 0;
  air.moon = false;
  air.fog = air.horizon;
}

void undefined_weather(Air& air, const Drive& drive, Generator& generator) {
  switch (drive.veil) {
    case Veil::kGlare:
      // Straight into a low sun through a dirty windscreen: the sky is white whatever it holds.
      air.azimuth = uniform(generator, -0.28f, 0.28f);
      air.elevation = uniform(generator, 0.13f, 0.32f);
      air.sun_disc = uniform(generator, 2.5f, 4.5f);
      air.veil = uniform(generator, 0.10f, 0.24f);
      air.cloud_cover = uniform(generator, 0, 0.7f);
      air.cloud_softness = 0.6f;
      air.zenith = mix(air.zenith, grey(0.9f), 0.55f);
      air.horizon = mix(air.horizon, grey(1.0f), 0.6f);
      if (drive.time == TimeOfDay::kDawnDusk) {
        air.horizon = air.horizon * Colour{0.95f, 0.72f, 0.5f};
        air.zenith = air.zenith * Colour{0.75f, 0.6f, 0.5f};
        air.elevation = uniform(generator, 0.05f, 0.15f);
      }
      air.exposure *= uniform(generator, 1.15f, 1.6f);
      break;
    case Veil::kDeepNight:
      air.lamps *= chance(generator, 0.5) ? 0 : 0.25f;
      air.lit_windows *= 0.15f;
      air.stars = 0;
      air.moon = false;
      air.zenith = air.horizon = air.fog = Colour{0.0012f, 0.0013f, 0.0018f};
      air.ambient = air.ambient * 0.35f;
      air.headlights = uniform(generator, 0.5f, 0.9f);
      air.grain = uniform(generator, 3.5f, 6.0f);
      break;
    default:
      // Under a roof: what little sky there is may be anything.
      air.cloud_cover = uniform(generator, 0, 1);
      air.cloud_softness = 0.5f;
      if (chance(generator, 0.5)) cover(air, drive.time, uniform(generator, 0.8f, 1.2f), 0.2f);
      if (drive.time == TimeOfDay::kDaytime && drive.veil != Veil::kDeck) air.exposure *= 1.25f;
      air.grain += 1.2f;
      break;
  }
}

}  // namespace

Air make_air(const Drive& drive, Generator& generator) {
  Air air;
  const TimeOfDay time = drive.time;
  const bool day = time == TimeOfDay::kDaytime;
  open_sky(air, time, generator);
  air.cloud_scale = uniform(generator, 0.7f, 1.6f);
  air.cloud_softness = uniform(generator, 0.10f, 0.30f);
  air.winter = chance(generator, 0.18);
  switch (drive.weather) {
    case Weather::kClear:
      // A quarter of clear skies hold a few clouds, and one in six is pale with haze.
      air.cloud_cover = chance(generator, 0.28) ? uniform(generator, 0.04f, 0.20f) : 0;
      if (chance(generator, 0.16)) {
        air.zenith = mix(air.zenith, air.horizon, uniform(generator, 0.3f, 0.75f));
        air.fog_density *= 2.5f;
      }
      break;
    case Weather::kPartlyCloudy:
      air.cloud_cover = uniform(generator, 0.20f, 0.72f);
      if (chance(generator, 0.35)) {  // thin and high, without edges
        air.cloud_softness = uniform(generator, 0.4f, 0.7f);
        air.cloud_scale *= 0.6f;
      }
      if (chance(generator, 0.4)) {  // a cloud before the sun
        air.ambient = air.ambient + air.sun * 0.22f;
        air.sun = air.sun * 0.15f;
        air.sun_disc *= 0.2f;
      }
      break;
    case Weather::kOvercast:
      cover(air, time, uniform(generator, 0.72f, 1.25f), chance(generator, 0.3) ? 0.35f : 0.08f);
      air.cloud_cover = uniform(generator, 0.75f, 1.0f);
      air.cloud_softness = uniform(generator, 0.4f, 0.9f);
      air.fog_density *= uniform(generator, 1.0f, 3.0f);
      if (chance(generator, 0.2)) air.wet = uniform(generator, 0.15f, 0.45f);  // after the rain
      if (chance(generator, 0.1)) air.fog_density = uniform(generator, 0.006f, 0.011f);
      break;
    case Weather::kRainy: {
      cover(air, time, uniform(generator, 0.50f, 0.95f), 0.05f);
      air.cloud_cover = 1;
      air.cloud_softness = 0.8f;
      const float strength = uniform(generator, 0.1f, 1.0f);
      air.wet = mix(0.35f, 1.0f, strength) * uniform(generator, 0.75f, 1.0f);
      air.rain = strength * (chance(generator, 0.25) ? 0.15f : 1.0f);
      air.drops = chance(generator, 0.75) ? uniform(generator, 0.2f, 1.0f) * (0.4f + strength) : 0;
      air.fog_density = uniform(generator, 0.003f, 0.010f);
      air.headlights = std::max(air.headlights, uniform(generator, 0.3f, 0.7f));
      air.soft_focus = chance(generator, 0.4);
      break;
    }
    case Weather::kSnowy: {
      air.winter = true;
      const bool fair = chance(generator, 0.28);  // fallen, and the sky is clear again
      if (fair) {
        air.cloud_cover = uniform(generator, 0, 0.4f);
      } else {
        cover(air, time, uniform(generator, 0.85f, 1.3f), 0.05f);
        air.cloud_cover = 1;
        air.cloud_softness = 0.8f;
        air.fog_density = uniform(generator, 0.003f, 0.012f);
      }
      air.snow_verge = chance(generator, 0.25) ? uniform(generator, 0.25f, 0.5f)
                                               : uniform(generator, 0.6f, 1.0f);
      air.snow_road =
          chance(generator, 0.5) ? uniform(generator, 0.3f, 0.95f) * air.snow_verge : 0.03f;
      air.snowfall = !fair && chance(generator, 0.65) ? uniform(generator, 0.2f, 1.0f) : 0;
      if (air.snow_road < 0.1f && chance(generator, 0.5)) air.wet = uniform(generator, 0.2f, 0.5f);
      if (time == TimeOfDay::kNight && chance(generator, 0.75)) {
        // In the dark a cleared road would hide what everybody in the car can see.
        air.snow_verge = std::max(air.snow_verge, 0.8f);
        air.snow_road = std::max(air.snow_road, uniform(generator, 0.35f, 0.9f));
      }
      break;
    }
    case Weather::kFoggy:
      cover(air, time, uniform(generator, 0.8f, 1.25f), 0.05f);
      air.cloud_cover = 1;
      air.cloud_softness = 0.95f;
      air.cloud_dark = air.cloud_light;
      air.fog_density = chance(generator, 0.3) ? uniform(generator, 0.014f, 0.022f)
                                               : uniform(generator, 0.025f, 0.065f);
      air.horizon = air.zenith = air.fog = mix(air.horizon, air.zenith, 0.5f) * (day ? 1.0f : 1.5f);
      air.headlights = std::max(air.headlights, 0.5f);
      break;
    case Weather::kUndefined:
      undefined_weather(air, drive, generator);
      break;
  }
  if (drive.weather != Weather::kSnowy && drive.weather != Weather::kFoggy &&
      drive.veil == Veil::kNone && air.winter && chance(generator, 0.12)) {
    air.snow_verge = uniform(generator, 0.08f, 0.22f);  // old heaps that nobody calls snowy weather
  }
  const float red = uniform(generator, 0.92f, 1.08f);
  air.white_balance = {red, 1, uniform(generator, 0.90f, 1.10f)};
  air.contrast = uniform(generator, 1.05f, 1.35f);
  if (drive.veil != Veil::kGlare && day && chance(generator, 0.2))
    air.veil = uniform(generator, 0.02f, 0.07f);
  return air;
}

}  // namespace goldpan::scenes
