#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

#include "scenes/frame.hpp"
#include "scenes/plan.hpp"
#include "scenes/scenes.hpp"

namespace goldpan {

Scene render_scene(const SceneOptions& options, std::size_t index) {
  const std::vector<scenes::Drive> drives = scenes::plan_drives(options);
  if (index >= options.images) {
    throw Error("render_scene",
                fmt::format("got image {}, expected one of {}", index, options.images));
  }
  const auto after =
      std::upper_bound(drives.begin(), drives.end(), index,
                       [](std::size_t i, const scenes::Drive& drive) { return i < drive.first; });
  const scenes::Drive& drive = *std::prev(after);
  return scenes::DriveRenderer(drive, options).scene(index - drive.first);
}

}  // namespace goldpan
