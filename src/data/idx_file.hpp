#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace goldpan {

/// A file of unsigned bytes in the MNIST family's format: 0 0 8 D, then D big-endian 32-bit sizes,
/// then the values.
struct IdxFile {
  std::vector<std::size_t> sizes;
  std::span<const std::byte> values;  ///< as many as the sizes multiply to
  std::shared_ptr<const void> owner;  ///< keeps the values: a mapped file or unpacked memory
};

/// Opens an IDX file, plain (mapped) or gzip'ed (unpacked). Throws Error naming the file for a
/// wrong magic, other than `dimensions` dimensions, sizes that do not agree with the bytes there
/// are (in either direction), and damaged compression.
IdxFile read_idx(const std::filesystem::path& path, std::size_t dimensions);

}  // namespace goldpan
