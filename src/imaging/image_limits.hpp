#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace goldpan {

/// Throws Error for an image of more than 2^27 pixels (400 MB as RGB), and for one that claims more
/// than `pixels_per_byte` pixels for each byte of its file: such a file is damaged or hostile, and
/// is found out before memory is spent on it.
void check_image_size(std::uint64_t width, std::uint64_t height, std::size_t file_bytes,
                      std::uint64_t pixels_per_byte, const std::string& where);

}  // namespace goldpan
