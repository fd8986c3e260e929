#pragma once

#include <array>
#include <vector>

#include "data/scenes/colour.hpp"

namespace goldpan::scenes {

class View;

/// A band of the ground along the road, from x0 to x1 metres.
struct Band {
  float x0 = 0, x1 = 0;
  Colour albedo;
  float roughness = 0.15f;  ///< strength of the texture
  float wet = 0;            ///< how well it mirrors when wet, 0 to 1
  float snow = 0;           ///< share that snow covers
};

/// A stripe painted along the road.
struct Stripe {
  float x = 0, width = 0.12f;
  Colour albedo = {0.62f, 0.62f, 0.60f};
  bool dashed = false;
};

/// A pedestrian crossing, a stop line, or the marks between parked cars.
struct Crossing {
  float z0 = 0, z1 = 0;
  float x0 = 0, x1 = 0;
  float spacing = 1.2f;  ///< of its stripes; zero for a solid line
};

/// The road's cross-section, kept as running sums, so that the mean colour under a pixel of any width
/// costs two look-ups: markings fade with distance instead of flickering.
class GroundProfile {
 public:
  GroundProfile() = default;
  /// Bands are painted in order over the first, which should reach to both sides.
  GroundProfile(const std::vector<Band>& bands, const std::vector<Stripe>& stripes);

  struct Sample {
    Colour albedo;        ///< between the dashes
    Colour dashed;        ///< on the dashes
    float roughness = 0, wet = 0, snow = 0;
  };
  /// The mean over [x, x + width] in metres. Requires: width > 0.
  Sample mean(float x, float width) const;

  std::vector<Crossing> crossings;
  float dash_length = 3, dash_period = 12;  ///< metres
  float road_left = -7, road_right = 7;     ///< edges of the asphalt
  /// Height of what throws a shadow onto the road from the left [0] and the right [1], for each metre
  /// along the road from kShadeBegin on; it stands shade_distance metres from the middle.
  std::array<std::vector<float>, 2> shade;
  float shade_distance = 12;
  static constexpr float kShadeBegin = -20;

 private:
  struct Cell {
    Colour albedo, dashed, surface;  ///< surface: roughness, wet, snow
  };
  Cell sum_to(float x) const;
  std::vector<Cell> sums_;
};

/// Paints everything below the horizon.
void draw_ground(View& view);

}  // namespace goldpan::scenes
