#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// See decode_image. Requires: `file` begins as a JPEG does.
Image decode_jpeg(std::span<const std::byte> file, const std::string& where, int min_side);

}  // namespace goldpan
