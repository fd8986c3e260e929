#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <goldpan/core/targets.hpp>

namespace goldpan {

/// How well a detector does on each category in labelled images, for PPAL (Yang et al. 2024): the
/// mean of p^0.6 IoU^0.4 over the predictions that match truth at an IoU of 0.5 or more, each
/// taking the best box of its category that is left, by falling score. 0 for a category without a
/// match. The authors keep a moving average of it during training; from outside it is computed
/// once.
std::vector<double> class_quality(std::span<const std::vector<Box>> truth,
                                  std::span<const std::vector<Detection>> found,
                                  std::size_t categories);

}  // namespace goldpan
