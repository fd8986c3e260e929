#include "scenes/noise.hpp"
#include "scenes/things.hpp"

namespace goldpan::scenes {

void draw_roof(View& view) {
  const Roof& roof = view.world().roof;
  if (!roof.present) return;
  Canvas& canvas = view.canvas();
  const Noise& noise = Noise::get();
  const Camera& camera = view.camera();
  const int rows = std::min(canvas.height(), static_cast<int>(camera.horizon));
  const bool lit_strip = luminance(roof.strip) > 0;
  for (int v = 0; v < rows; ++v) {
    const float above = camera.horizon - float(v) - 0.5f;
    if (above < 0.5f) continue;
    const float d = camera.focal * (roof.height - camera.y) / above, z = camera.z + d;
    if (z < roof.z0 || z > roof.z1) continue;
    const float pixel = d / camera.focal, z_pixel = d * pixel / (roof.height - camera.y);
    const float phase = z / roof.beam_spacing - std::floor(z / roof.beam_spacing);
    // A beam's face looks at the camera just before its underside.
    const float width = 0.22f, soft = z_pixel / roof.beam_spacing + 0.02f;
    const float beam = clamp01((width - std::abs(phase - 0.5f)) / soft + 0.5f);
    const float on = lit_strip ? clamp01((0.32f - std::abs(phase - 0.5f)) / soft + 0.5f) : 0;
    const float through = view.transmittance(z);
    const Colour light = view.light_at(0, z);
    const float x0 = camera.x - camera.centre * pixel - camera.bend * d * d / 2;
    for (int u = 0; u < canvas.width(); ++u) {
      const float x = x0 + (float(u) + 0.5f) * pixel;
      const float edge = clamp01((roof.half_width - std::abs(x)) / pixel + 0.5f);
      if (edge <= 0) continue;
      const float grime = 0.85f + 0.3f * noise.fractal(x * 3, z * 3);
      Colour colour = roof.colour * light * (grime * mix(0.75f, 1.2f, beam));
      if (lit_strip) {
        const float lamp =
            clamp01((0.22f - std::abs(std::abs(x) - roof.strip_x)) / pixel + 0.5f) * on;
        const float wash = 0.30f / (1 + square((std::abs(x) - roof.strip_x) * 1.6f));
        colour = mix(colour + roof.colour * roof.strip * wash, roof.strip * 2.2f, lamp);
      }
      canvas.blend(u, v, mix(view.air().fog, colour, through), edge, 0);
    }
  }
}

}  // namespace goldpan::scenes
