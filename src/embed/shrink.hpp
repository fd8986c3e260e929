#pragma once

#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// The image resampled by area averaging: a new pixel is the mean of the rectangle of the old
/// picture that it covers, pixels cut by its border counted by their share, rounded to nearest.
/// Requires: width, height, image.width, image.height > 0.
Image resample_by_area(const Image& image, int width, int height);

}  // namespace goldpan
