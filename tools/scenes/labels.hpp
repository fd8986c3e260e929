#pragma once

#include <string>

#include "scenes/scenes.hpp"

namespace goldpan::scenes {

/// One entry of a det_20 label file, without a comma or a line's end behind it.
std::string label_entry(const Scene& scene, std::size_t frame);

}  // namespace goldpan::scenes
