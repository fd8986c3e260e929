#pragma once

#include <array>
#include <vector>

#include "scenes/colour.hpp"

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

/// The road's cross-section, kept as running sums, so that the mean colour under a pixel of any
/// width costs two look-ups: markings fade with distance instead of flickering.
class GroundProfile {
 public:
  GroundProfile() = default;
  /// Bands are painted in order over the first, which should reach to both sides.
  GroundProfile(const std::vector<Band>& bands, const std::vector<Stripe>& stripes);

  /// What lies under a pixel; also the running sum of it from the far left.
  struct Sample {
    Colour albedo;   ///< between the dashes; the fourth lane is the roughness
    Colour dashed;   ///< on the dashes
    Colour surface;  ///< wet, snow
  };
  /// The sum over everything left of x metres, in cells of kCell metres. The mean over [a, b] is
  /// (sum_to(b) - sum_to(a)) * kCell / (b - a). What is not asked for stays empty.
  Sample sum_to(float x, bool dashed, bool surface) const {
    // Outside the table the first and the last cell go on for ever, by extrapolation.
    const float at = (x + kReach) / kCell;
    const int cell = std::clamp(whole_below(at), 0, kCells - 1);
    const float t = at - static_cast<float>(cell);
    const Sample* const s = sums_.data() + cell;
    Sample sum;
    sum.albedo = mix(s[0].albedo, s[1].albedo, t);
    if (dashed) sum.dashed = mix(s[0].dashed, s[1].dashed, t);
    if (surface) sum.surface = mix(s[0].surface, s[1].surface, t);
    return sum;
  }
  static constexpr float kReach = 42;  ///< metres to both sides
  static constexpr float kCell = 0.05f;
  static constexpr int kCells = static_cast<int>(2 * kReach / kCell);

  std::vector<Crossing> crossings;
  float dash_length = 3, dash_period = 12;  ///< metres
  float road_left = -7, road_right = 7;     ///< edges of the asphalt
  /// Height of what throws a shadow onto the road from the left [0] and the right [1], for each
  /// metre along the road from kShadeBegin on; it stands shade_distance metres from the middle.
  std::array<std::vector<float>, 2> shade;
  float shade_distance = 12;
  static constexpr float kShadeBegin = -20;

 private:
  std::vector<Sample> sums_;
};

/// Paints everything below the horizon.
void draw_ground(View& view);

}  // namespace goldpan::scenes
