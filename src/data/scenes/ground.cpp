#include "data/scenes/ground.hpp"

#include <cmath>

#include "data/scenes/noise.hpp"
#include "data/scenes/view.hpp"

namespace goldpan::scenes {
namespace {

/// Length of [0, z] that is painted, for paint of `length` at the start of every `period`.
float painted(float z, float length, float period) {
  const float whole = std::floor(z / period);
  return whole * length + std::min(z - whole * period, length);
}

float overlap(float a0, float a1, float b0, float b1) {
  return std::max(0.0f, std::min(a1, b1) - std::max(a0, b0));
}

/// What one row of the image needs to know.
struct Row {
  float depth = 0, pixel = 0, z = 0, z_pixel = 0;  // metres
  float x = 0;                                     // of the row's first pixel's left edge
  float dashes = 0;                                // painted share of the row
};

/// Share of the sun that reaches the ground at (x, z), past what stands at the road's side.
class Shade {
 public:
  Shade(const GroundProfile& ground, const Air& air) : ground_(ground) {
    const float sine = std::sin(air.azimuth);
    active_ = air.sun.r() > 0 && std::abs(sine) > 0.08f && !ground.shade[0].empty();
    if (!active_) return;
    side_ = sine > 0 ? 1 : 0;
    edge_ = sine > 0 ? ground.shade_distance : -ground.shade_distance;
    rise_ = std::tan(air.elevation) / std::abs(sine);
    drift_ = std::cos(air.azimuth) / std::abs(sine);
  }
  bool active() const { return active_; }
  float operator()(float x, float z, float blur) const {
    const float across = side_ == 1 ? edge_ - x : x - edge_;
    if (across <= 0) return 1;
    const std::vector<float>& heights = ground_.shade[side_];
    const float at = z + across * drift_ - GroundProfile::kShadeBegin;
    const int index = std::clamp(static_cast<int>(at), 0, static_cast<int>(heights.size()) - 1);
    const float over = across * rise_ - heights[static_cast<std::size_t>(index)];
    return clamp01(0.5f + over / (blur + 0.25f));
  }

 private:
  const GroundProfile& ground_;
  bool active_ = false;
  std::size_t side_ = 0;
  float edge_ = 0, rise_ = 0, drift_ = 0;
};

/// Paint of crossings over [x, x + pixel] of a row, as a share.
float crossing_paint(const GroundProfile& ground, const Row& row, float x) {
  float paint = 0;
  for (const Crossing& crossing : ground.crossings) {
    const float along =
        overlap(crossing.z0, crossing.z1, row.z - row.z_pixel / 2, row.z + row.z_pixel / 2) /
        row.z_pixel;
    if (along <= 0 || x < crossing.x0 || x > crossing.x1) continue;
    const float stripes = crossing.spacing <= 0
                              ? 1
                              : (painted(x + row.pixel, crossing.spacing * 0.5f, crossing.spacing) -
                                 painted(x, crossing.spacing * 0.5f, crossing.spacing)) /
                                    row.pixel;
    paint = std::max(paint, along * stripes);
  }
  return paint;
}

}  // namespace

GroundProfile::GroundProfile(const std::vector<Band>& bands, const std::vector<Stripe>& stripes)
    : sums_(static_cast<std::size_t>(kCells) + 1) {
  for (int i = 0; i < kCells; ++i) {
    const float x0 = -kReach + kCell * static_cast<float>(i);
    Sample cell;
    for (const Band& band : bands) {
      const float share = overlap(x0, x0 + kCell, band.x0, band.x1) / kCell;
      cell.albedo = mix(cell.albedo, band.albedo, share);
      cell.surface = mix(cell.surface, Colour{band.roughness, band.wet, band.snow}, share);
    }
    cell.dashed = cell.albedo;
    for (const Stripe& stripe : stripes) {
      const float share =
          overlap(x0, x0 + kCell, stripe.x - stripe.width / 2, stripe.x + stripe.width / 2) / kCell;
      cell.dashed = mix(cell.dashed, stripe.albedo, share);
      if (!stripe.dashed) cell.albedo = mix(cell.albedo, stripe.albedo, share);
    }
    const Sample& before = sums_[static_cast<std::size_t>(i)];
    sums_[static_cast<std::size_t>(i) + 1] = {
        before.albedo + cell.albedo, before.dashed + cell.dashed, before.surface + cell.surface};
  }
}

void draw_ground(View& view) {
  Canvas& canvas = view.canvas();
  const Camera& camera = view.camera();
  const World& world = view.world();
  const Air& air = view.air();
  const GroundProfile& ground = world.ground;
  const Noise& noise = Noise::get();
  const Shade shade(ground, air);
  const float sun_up = std::sin(std::max(air.elevation, 0.0f));
  constexpr int kNode = 8;  // light is computed at every eighth pixel and interpolated
  std::vector<Colour> nodes(static_cast<std::size_t>(canvas.width() / kNode + 2));

  const int first = std::max(0, static_cast<int>(std::floor(camera.horizon)));
  for (int v = first; v < canvas.height(); ++v) {
    const float below = std::max(static_cast<float>(v) + 0.5f - camera.horizon, 0.3f);
    Row row;
    row.depth = std::min(camera.focal * camera.y / below, 600.0f);
    row.pixel = row.depth / camera.focal;
    row.z = camera.z + row.depth;
    row.z_pixel = std::max(row.depth * row.depth / (camera.focal * camera.y), row.pixel);
    row.x = camera.x - camera.centre * row.pixel - camera.bend * row.depth * row.depth / 2;
    row.dashes = (painted(row.z + row.z_pixel / 2, ground.dash_length, ground.dash_period) -
                  painted(row.z - row.z_pixel / 2, ground.dash_length, ground.dash_period)) /
                 row.z_pixel;
    const bool roofed = world.roof.present && row.z > world.roof.z0 && row.z < world.roof.z1;
    const bool sunny = air.sun.r() > 0 && !roofed;
    const float through = view.transmittance(row.z);
    const float texture = 1 / (1 + row.z_pixel * 1.5f);
    const float elevation = below / camera.focal;
    const Colour mirrored =
        roofed ? world.roof.colour * (world.roof.strip + air.ambient * 0.2f)
               : mix(air.horizon, air.zenith, clamp01(elevation * 1.6f)) + air.sunset * 0.4f;
    const float fresnel = 0.12f + 0.80f * std::exp(-elevation * 5);
    const bool crossing =
        std::any_of(ground.crossings.begin(), ground.crossings.end(), [&](const Crossing& c) {
          return overlap(c.z0, c.z1, row.z - row.z_pixel / 2, row.z + row.z_pixel / 2) > 0;
        });
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      nodes[n] = n == 0 || view.darkness() > 0
                     ? view.light_at(row.x + static_cast<float>(n) * kNode * row.pixel, row.z)
                     : nodes[0];
    }

    const float per_pixel = GroundProfile::kCell / row.pixel;
    const Colour veil = air.fog * (1 - through);
    const float coarse = 1.2f / (1 + row.z_pixel * 0.4f);
    GroundProfile::Sample left = ground.sum_to(row.x);
    const Noise::Row patch_noise = noise.row(row.z * 3), drift_noise = noise.row(row.z * 5),
                     puddle_noise = noise.row(row.z * 1.3f);
    Colour* const out = canvas.row(v);
    for (int u = 0; u < canvas.width(); ++u) {
      const float x = row.x + static_cast<float>(u) * row.pixel;
      const GroundProfile::Sample right = ground.sum_to(x + row.pixel);
      Colour albedo = (right.albedo - left.albedo) * per_pixel;
      if (row.dashes > 0)
        albedo = mix(albedo, (right.dashed - left.dashed) * per_pixel, row.dashes);
      const Colour surface = (right.surface - left.surface) * per_pixel;
      const float roughness = surface.r(), wet = surface.g() * air.wet, snow = surface.b();
      left = right;
      if (crossing)
        albedo = mix(albedo, {0.60f, 0.60f, 0.58f}, 0.85f * crossing_paint(ground, row, x));
      const float patches = patch_noise(x * 7 + 31) - 0.5f;
      const float fine = noise.rough(x * 14, row.z * 9) - 0.5f;
      albedo = albedo * (1 + roughness * (patches * coarse + fine * texture));
      if (snow > 0.005f) {
        const float drift = drift_noise(x * 11);
        const float cover =
            mix(snow, smoothstep(1 - snow - 0.18f, 1 - snow + 0.18f, drift), texture);
        albedo = mix(albedo, Colour{0.80f, 0.83f, 0.88f} * (1 + 0.10f * patches), cover);
      }
      const std::size_t n = static_cast<std::size_t>(u / kNode);
      Colour light = mix(nodes[n], nodes[n + 1], static_cast<float>(u % kNode) / kNode);
      if (sunny)
        light += air.sun * (sun_up * (shade.active() ? shade(x, row.z, row.z_pixel) : 1.0f));
      Colour colour = albedo * light * (1 - 0.45f * wet);
      if (wet > 0) {
        const float puddle = smoothstep(0.25f, 0.85f, puddle_noise(x * 4 + 90));
        colour = mix(colour, mirrored, clamp01(wet * fresnel * (0.45f + 0.55f * puddle)));
      }
      out[u] = colour * through + veil;
    }
  }
}

}  // namespace goldpan::scenes
