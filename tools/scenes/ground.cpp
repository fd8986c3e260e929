#include "scenes/ground.hpp"

#include <cmath>

#include "scenes/noise.hpp"
#include "scenes/view.hpp"

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
  float elevation = 0;                             // how far below the horizon, as a slope
  float dashes = 0;                                // painted share of the row
  bool crossing = false, roofed = false;
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
      const Colour albedo(band.albedo.r(), band.albedo.g(), band.albedo.b(), band.roughness);
      cell.albedo = mix(cell.albedo, albedo, share);
      cell.surface = mix(cell.surface, Colour{band.wet, band.snow, 0}, share);
    }
    cell.dashed = cell.albedo;
    for (const Stripe& stripe : stripes) {
      const Colour albedo(stripe.albedo.r(), stripe.albedo.g(), stripe.albedo.b(), 0.1f);
      const float share =
          overlap(x0, x0 + kCell, stripe.x - stripe.width / 2, stripe.x + stripe.width / 2) / kCell;
      cell.dashed = mix(cell.dashed, albedo, share);
      if (!stripe.dashed) cell.albedo = mix(cell.albedo, albedo, share);
    }
    const Sample& before = sums_[static_cast<std::size_t>(i)];
    sums_[static_cast<std::size_t>(i) + 1] = {
        before.albedo + cell.albedo, before.dashed + cell.dashed, before.surface + cell.surface};
  }
}

namespace {

/// Paints rows of the ground, one after the other.
class GroundPainter {
 public:
  explicit GroundPainter(View& view)
      : view_(view),
        air_(view.air()),
        ground_(view.world().ground),
        noise_(Noise::get()),
        shade_(ground_, air_),
        sun_(air_.sun * std::sin(std::max(air_.elevation, 0.0f))),
        nodes_(static_cast<std::size_t>(view.canvas().width() / kNode + 2)) {}

  void paint(int v) {
    const Row row = describe(v);
    // Light is computed at every eighth pixel, and interpolated where it differs.
    const bool by_lamps = view_.darkness() > 0;
    for (std::size_t n = 0; n < nodes_.size() && (n == 0 || by_lamps); ++n) {
      nodes_[n] = view_.light_at(row.x + static_cast<float>(n) * kNode * row.pixel, row.z);
    }
    const bool sunny = air_.sun.r() > 0 && !row.roofed;
    const bool shaded = sunny && shade_.active();
    const bool covered = air_.wet > 0 || air_.snow_verge > 0 || air_.snow_road > 0;
    const bool dashed = row.dashes > 0;
    const float per_pixel = GroundProfile::kCell / row.pixel;
    const float through = view_.transmittance(row.z);
    const Colour veil = air_.fog * (1 - through);
    // Texture finer than a pixel averages out.
    const float fine = 1 / (1 + row.z_pixel * 1.5f), coarse = 1.2f / (1 + row.z_pixel * 0.4f);
    const Noise::Row patches = noise_.row(row.z * 3);
    Colour* const out = view_.canvas().row(v);
    GroundProfile::Sample left = ground_.sum_to(row.x, dashed, covered);
    for (int u = 0; u < view_.canvas().width(); ++u) {
      const float x = row.x + static_cast<float>(u) * row.pixel;
      const GroundProfile::Sample right = ground_.sum_to(x + row.pixel, dashed, covered);
      Colour albedo = (right.albedo - left.albedo) * per_pixel;
      if (dashed) albedo = mix(albedo, (right.dashed - left.dashed) * per_pixel, row.dashes);
      const Colour surface = (right.surface - left.surface) * per_pixel;
      left = right;
      if (row.crossing)
        albedo = mix(albedo, {0.60f, 0.60f, 0.58f, 0.1f}, 0.85f * crossing_paint(ground_, row, x));
      const float patch = patches(x * 7 + 31) - 0.5f;
      albedo = albedo * (1 + albedo.fourth() * (patch * coarse +
                                                (noise_.rough(x * 14, row.z * 9) - 0.5f) * fine));
      const std::size_t n = static_cast<std::size_t>(u) / kNode;
      Colour light = by_lamps ? mix(nodes_[n], nodes_[n + 1], static_cast<float>(u % kNode) / kNode)
                              : nodes_[0];
      if (sunny) light += shaded ? sun_ * shade_(x, row.z, row.z_pixel) : sun_;
      const Colour colour =
          covered ? cover(row, x, surface, albedo, light, patch, fine) : albedo * light;
      out[u] = colour * through + veil;
    }
  }

 private:
  static constexpr int kNode = 8;

  Row describe(int v) const {
    const Camera& camera = view_.camera();
    const Roof& roof = view_.world().roof;
    const float below = std::max(static_cast<float>(v) + 0.5f - camera.horizon, 0.3f);
    Row row;
    row.elevation = below / camera.focal;
    row.depth = std::min(camera.y / row.elevation, 600.0f);
    row.pixel = row.depth / camera.focal;
    row.z = camera.z + row.depth;
    row.z_pixel = std::max(row.depth * row.pixel / camera.y, row.pixel);
    row.x = camera.x - camera.centre * row.pixel - camera.bend * row.depth * row.depth / 2;
    const float near = row.z - row.z_pixel / 2, far = row.z + row.z_pixel / 2;
    row.dashes = (painted(far, ground_.dash_length, ground_.dash_period) -
                  painted(near, ground_.dash_length, ground_.dash_period)) /
                 row.z_pixel;
    row.crossing =
        std::any_of(ground_.crossings.begin(), ground_.crossings.end(),
                    [&](const Crossing& c) { return overlap(c.z0, c.z1, near, far) > 0; });
    row.roofed = roof.present && row.z > roof.z0 && row.z < roof.z1;
    return row;
  }

  /// Snow over it, then water.
  Colour cover(const Row& row, float x, Colour surface, Colour albedo, Colour light, float patch,
               float fine) const {
    const float wet = surface.r() * air_.wet, snow = surface.g();
    if (snow > 0.005f) {
      const float drift = noise_.fractal(x * 11, row.z * 5);
      const float share = mix(snow, smoothstep(0.82f - snow, 1.18f - snow, drift), fine);
      albedo = mix(albedo, Colour{0.80f, 0.83f, 0.88f} * (1 + 0.10f * patch), share);
    }
    const Colour dry = albedo * light;
    if (wet <= 0) return dry;
    const World& world = view_.world();
    const Colour mirrored =
        row.roofed
            ? world.roof.colour * (world.roof.strip + air_.ambient * 0.2f)
            : mix(air_.horizon, air_.zenith, clamp01(row.elevation * 1.6f)) + air_.sunset * 0.4f;
    const float grazing = 0.12f + 0.80f / (1 + row.elevation * (5 + 14 * row.elevation));
    const float puddle = smoothstep(0.25f, 0.85f, noise_.fractal(x * 4 + 90, row.z * 1.3f));
    return mix(dry * (1 - 0.45f * wet), mirrored,
               clamp01(wet * grazing * (0.45f + 0.55f * puddle)));
  }

  View& view_;
  const Air& air_;
  const GroundProfile& ground_;
  const Noise& noise_;
  Shade shade_;
  Colour sun_;
  std::vector<Colour> nodes_;
};

}  // namespace

void draw_ground(View& view) {
  GroundPainter painter(view);
  const int first = std::max(0, static_cast<int>(std::floor(view.camera().horizon)));
  for (int v = first; v < view.canvas().height(); ++v) painter.paint(v);
}

}  // namespace goldpan::scenes
