#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// See decode_image. Requires: `file` begins as a PNG does.
Image decode_png(std::span<const std::byte> file, const std::string& where);

}  // namespace goldpan
