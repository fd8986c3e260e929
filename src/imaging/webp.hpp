#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// See decode_image. Requires: `file` begins as a WebP does, with RIFF, four bytes and WEBP.
Image decode_webp(std::span<const std::byte> file, const std::string& where);

}  // namespace goldpan
