#pragma once

#include <goldpan/core/image.hpp>
#include <goldpan/core/random.hpp>

#include "data/scenes/view.hpp"

namespace goldpan::scenes {

/// Rain and snow in the air, drops on the windscreen, flare: light only, objects keep their pixels.
void draw_precipitation(View& view, Generator& generator);
void draw_glare(View& view);

/// Exposure, tone curve, vignette, sensor noise: linear light to 8-bit sRGB.
Image develop(Canvas& canvas, const Air& air, Generator& generator);

}  // namespace goldpan::scenes
