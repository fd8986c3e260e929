#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "imaging/made_files.hpp"

// Small data sets that the tests of the data layer make for themselves.

namespace goldpan {

std::string gzip(const std::string& content);

/// CIFAR-10's six files with this many records each, in `folder`.
void write_cifar10(const std::filesystem::path& folder, std::size_t records);
/// Record r of `write_cifar10` has this label and red, green and blue at this pixel.
std::uint8_t cifar10_label(std::size_t file, std::size_t record);
std::uint8_t cifar10_value(std::size_t file, std::size_t record, std::size_t byte);

/// An IDX file of unsigned bytes.
std::string make_idx(const std::vector<std::uint32_t>& sizes, const std::string& values);

/// One frame of a BDD100K label file.
std::string frame_json(const std::string& name, const std::string& weather,
                       const std::string& labels = "[]");

}  // namespace goldpan
