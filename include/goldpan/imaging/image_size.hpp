#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

namespace goldpan {

/// Width and height of a JPEG or PNG file from its first bytes, without decoding it: what
/// decode_image(file).width and .height would be if the rest is whole. Throws Error naming `where`.
std::pair<int, int> image_size(std::span<const std::byte> file, const std::string& where);

/// image_size of a file.
std::pair<int, int> read_image_size(const std::filesystem::path& path);

}  // namespace goldpan
