#pragma once

#include <cstddef>
#include <vector>

#include <goldpan/imaging/image.hpp>

#include "scenes/canvas.hpp"
#include "scenes/lens.hpp"
#include "scenes/scenes.hpp"
#include "scenes/sky.hpp"
#include "scenes/world.hpp"

namespace goldpan::scenes {

struct Frame {
  Image image;
  std::vector<SceneLabel> labels;
  /// What each pixel shows, for tests: labels[k] is object ids[k].
  std::vector<ObjectId> ids;
  std::vector<ObjectId> pixels;
};

/// Renders the frames of one drive. Frames may be rendered in any order, from any thread.
class DriveRenderer {
 public:
  DriveRenderer(const Drive& drive, const SceneOptions& options);
  Frame render(std::size_t frame) const;
  /// The public form: the picture, its name and its labels.
  Scene scene(std::size_t frame) const;

 private:
  int width_, height_;
  std::uint64_t seed_;
  World world_;
  Backdrop backdrop_;
  Film film_;
};

}  // namespace goldpan::scenes
