#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace goldpan {

/// The lines of a text file, without line ends (either kind) and without empty lines at its end.
/// Throws Error naming the line for an empty line before that, one longer than 4096 bytes, or one
/// that repeats an earlier line: names of items and of classes are unique.
std::vector<std::string> read_lines(const std::filesystem::path& path);

}  // namespace goldpan
