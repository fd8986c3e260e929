#include "data/idx_file.hpp"

#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

#include "core/file_bytes.hpp"
#include "data/gzip.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kMagicBytes = 4;

std::vector<std::size_t> parse_sizes(std::span<const std::byte> header, std::size_t dimensions) {
  std::vector<std::size_t> sizes(dimensions);
  for (std::size_t d = 0; d < dimensions; ++d) {
    for (std::size_t byte = 0; byte < 4; ++byte) {
      sizes[d] = sizes[d] << 8 | static_cast<std::size_t>(header[kMagicBytes + 4 * d + byte]);
    }
  }
  return sizes;
}

void check_magic(std::span<const std::byte> header, std::size_t dimensions,
                 const std::string& where) {
  constexpr std::byte kUnsignedByte{0x08};
  if (header[0] != std::byte{0} || header[1] != std::byte{0}) {
    throw Error(where, "looks like " + looks_like(header) + ", expected an IDX file (0 0 8 ...)");
  }
  if (header[2] != kUnsignedByte) {
    throw Error(where,
                fmt::format("holds values of IDX type 0x{:02x}, expected 0x08 (unsigned bytes)",
                            static_cast<unsigned>(header[2])));
  }
  if (static_cast<std::size_t>(header[3]) != dimensions) {
    throw Error(where, fmt::format("has {} dimensions, expected {}",
                                   static_cast<unsigned>(header[3]), dimensions));
  }
}

/// How many values the sizes promise; `most` is how many there can be.
std::size_t count_values(const std::vector<std::size_t>& sizes, std::size_t most,
                         const std::string& where) {
  std::size_t count = 1;
  bool possible = true;
  for (const std::size_t size : sizes) possible &= !__builtin_mul_overflow(count, size, &count);
  if (!possible || count > most) {
    throw Error(where, fmt::format("claims {} values, but its bytes hold {} at most",
                                   fmt::join(sizes, " x "), most));
  }
  return count;
}

}  // namespace

IdxFile read_idx(const std::filesystem::path& path, std::size_t dimensions) {
  const std::string where = path.string();
  const MappedFile file(path);
  const auto bytes = file.bytes();
  const std::size_t header_bytes = kMagicBytes + 4 * dimensions;
  IdxFile idx;
  if (!is_gzip(bytes)) {
    if (bytes.size() < header_bytes) {
      throw Error(where, fmt::format("has {} bytes, expected an IDX header of {}", bytes.size(),
                                     header_bytes));
    }
    check_magic(bytes, dimensions, where);
    idx.sizes = parse_sizes(bytes, dimensions);
    const std::size_t found = bytes.size() - header_bytes;
    const std::size_t count = count_values(idx.sizes, found, where);
    if (count != found) {
      throw Error(where, fmt::format("claims {} values, but has {} bytes of them",
                                     fmt::join(idx.sizes, " x "), found));
    }
    idx.values = bytes.subspan(header_bytes);
    idx.owner = std::make_shared<MappedFile>(file);
    return idx;
  }
  GzipReader reader(bytes, where);
  std::vector<std::byte> header(header_bytes);
  reader.read(header);
  check_magic(header, dimensions, where);
  idx.sizes = parse_sizes(header, dimensions);
  const std::size_t count = count_values(idx.sizes, GzipReader::most_unpacked(bytes.size()), where);
  auto values = std::make_shared<std::vector<std::byte>>(count);
  reader.read(*values);
  reader.expect_end();
  idx.values = *values;
  idx.owner = std::move(values);
  return idx;
}

}  // namespace goldpan
