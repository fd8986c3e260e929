#include "scenes/things.hpp"

namespace goldpan::scenes {

void draw_bonnet(View& view) {
  const Path& path = view.world().path;
  if (!path.bonnet) return;
  Canvas& canvas = view.canvas();
  const Air& air = view.air();
  const float w = float(canvas.width()), h = float(canvas.height());
  const float tall = path.bonnet_height * h;
  // A gloss of the sky on dark paint, bulging in the middle.
  for (int v = std::max(0, static_cast<int>(h - tall - 1)); v < canvas.height(); ++v) {
    for (int u = 0; u < canvas.width(); ++u) {
      const float s = (float(u) + 0.5f) / w * 2 - 1;
      const float edge = h - tall * (1 - 0.45f * s * s * s * s - 0.12f * s * s);
      const float cover = clamp01(float(v) + 1 - edge);
      if (cover <= 0) continue;
      const float t = clamp01((float(v) - edge) / tall);
      const Colour gloss =
          mix(air.horizon, air.zenith, t) * (view.world().roof.present ? 0.03f : 0.22f);
      const Colour colour =
          path.bonnet_colour * view.light_at(view.camera().x, view.camera().z + 3) +
          gloss * (0.25f + 0.75f * std::exp(-t * 5));
      canvas.blend(u, v, colour * (1 - 0.35f * t), cover, 0);
    }
  }
}

}  // namespace goldpan::scenes
