#pragma once

#include <cstdint>
#include <vector>

#include <goldpan/core/random.hpp>
#include <goldpan/imaging/image.hpp>

#include "scenes/view.hpp"

namespace goldpan::scenes {

/// Rain and snow in the air, drops on the windscreen, flare: light only, objects keep their pixels.
void draw_precipitation(View& view, Generator& generator);
void draw_glare(View& view);

/// Exposure, tone curve, vignette, sensor noise: linear light to 8-bit sRGB. One a drive.
class Film {
 public:
  explicit Film(const Air& air);
  Image develop(Canvas& canvas, Generator& generator) const;

 private:
  Air air_;
  std::vector<std::int32_t> curve_;  ///< 8-bit steps in 1/128, by the leading bits of the light
  std::vector<std::int32_t> grain_;  ///< the same unit
};

}  // namespace goldpan::scenes
