#pragma once

#include <cstddef>
#include <span>

#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// The orientation that EXIF data (a TIFF structure, JEITA CP-3451, tag 0x0112) states: 1 to 8; 1,
/// upright, where it states none or cannot be read. Cameras write it instead of turning pixels.
int exif_orientation(std::span<const std::byte> tiff);

/// The image turned and mirrored as `orientation` says, so that it stands upright.
Image upright(Image image, int orientation);

}  // namespace goldpan
