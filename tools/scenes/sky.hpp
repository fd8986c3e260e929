#pragma once

#include <vector>

#include "scenes/colour.hpp"

namespace goldpan::scenes {

class View;
struct World;

/// Sky, clouds, sun, moon and the far silhouettes: painted once a drive, wider than a frame, and
/// shown shifted as the camera nods and turns.
class Backdrop {
 public:
  Backdrop(const World& world, int width, int height);
  void draw(View& view) const;

 private:
  void paint_sky(const World& world);
  void paint_sun(const World& world);
  void paint_silhouettes(const World& world);
  Colour& pixel(int x, int y) { return light_[static_cast<std::size_t>(y) * width_ + x]; }

  int width_, height_;
  float centre_, horizon_, focal_;
  std::vector<Colour> light_;
};

}  // namespace goldpan::scenes
