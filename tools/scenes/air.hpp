#pragma once

#include <goldpan/core/random.hpp>

#include "scenes/colour.hpp"
#include "scenes/plan.hpp"

namespace goldpan::scenes {

/// Light, weather and lens of one drive. Everything that makes a drive look like its label, and
/// everything that makes it look like its neighbour's, is decided here.
struct Air {
  // Sky
  Colour zenith, horizon;       ///< gradient of the open sky
  Colour sunset;                ///< added low and towards the sun
  float cloud_cover = 0;        ///< share of the sky, 0 to 1
  float cloud_softness = 0.2f;  ///< width of a cloud's edge
  float cloud_scale = 1;
  Colour cloud_light, cloud_dark;
  float stars = 0;
  bool moon = false;

  // Light
  float azimuth = 0,
        elevation = 0.6f;  ///< of the sun or moon: radians, right of the road, above the horizon
  Colour sun;              ///< direct light; zero where clouds hide it
  Colour ambient;
  float sun_disc = 0;  ///< brightness of the disc and its glow, where it is in view
  float lamps = 0;     ///< street lamps
  Colour lamp_colour;
  float headlights = 0;   ///< everybody's, the camera car's too
  float lit_windows = 0;  ///< share of windows

  // Between here and there
  Colour fog;
  float fog_density = 0;  ///< per metre

  // On the ground and in the air
  float wet = 0;                        ///< mirror of the road, 0 to 1
  float rain = 0;                       ///< streaks
  float drops = 0;                      ///< on the windscreen
  float snow_verge = 0, snow_road = 0;  ///< share of the ground under snow
  float snowfall = 0;
  bool winter = false;  ///< bare trees

  // Lens and sensor
  float exposure = 1;
  Colour white_balance = {1, 1, 1};
  float contrast = 1;
  float veil = 0;      ///< stray light over the whole frame
  float grain = 1.5f;  ///< standard deviation in 8-bit steps
  bool soft_focus = false;
};

Air make_air(const Drive& drive, Generator& generator);

}  // namespace goldpan::scenes
