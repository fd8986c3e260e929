#include <cstdint>
#include <string_view>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/imaging/image_size.hpp>

#include "core/file_bytes.hpp"
#include "imaging/image_limits.hpp"

namespace goldpan {
namespace {

/// Big-endian numbers of a file, none read beyond its end.
class Reader {
 public:
  Reader(std::span<const std::byte> file, const std::string& where) : file_(file), where_(where) {}

  std::uint32_t number(std::size_t at, std::size_t bytes) const {
    if (at + bytes > file_.size()) throw Error(where_, "is cut off within its first part");
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      value = value << 8 | std::to_integer<std::uint32_t>(file_[at + i]);
    }
    return value;
  }
  std::size_t size() const { return file_.size(); }

 private:
  std::span<const std::byte> file_;
  const std::string& where_;
};

/// A start-of-frame marker (ITU-T T.81, table B.1): C0 to CF without DHT, JPG and DAC.
bool is_frame(std::uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

std::pair<std::uint32_t, std::uint32_t> jpeg_size(const Reader& reader, const std::string& where) {
  std::size_t at = 2;
  while (true) {
    if (reader.number(at, 1) != 0xFF) throw Error(where, "is damaged: a JPEG marker is missing");
    while (reader.number(at, 1) == 0xFF) ++at;  // fill bytes
    const std::uint32_t marker = reader.number(at++, 1);
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7)) continue;  // without a length
    if (marker == 0xD9 || marker == 0xDA) throw Error(where, "is damaged: has no frame header");
    const std::uint32_t length = reader.number(at, 2);
    if (length < 2) throw Error(where, "is damaged: a JPEG segment has no length");
    if (is_frame(marker)) return {reader.number(at + 5, 2), reader.number(at + 3, 2)};
    at += length;
  }
}

}  // namespace

std::pair<int, int> image_size(std::span<const std::byte> file, const std::string& where) {
  const std::string_view head(reinterpret_cast<const char*>(file.data()),
                              file.size() < 8 ? file.size() : 8);
  const Reader reader(file, where);
  std::pair<std::uint32_t, std::uint32_t> size;
  if (head.starts_with("\xFF\xD8")) {
    size = jpeg_size(reader, where);
  } else if (head == "\x89PNG\r\n\x1A\n") {
    size = {reader.number(16, 4), reader.number(20, 4)};
  } else {
    throw Error(where, "looks like " + looks_like(file) + ", expected a JPEG or PNG image");
  }
  // What does not fit into memory is found out by the decoder; here only that the numbers are
  // sizes.
  check_image_size(size.first, size.second, file.size(), std::uint64_t{1} << 40, where);
  return {static_cast<int>(size.first), static_cast<int>(size.second)};
}

std::pair<int, int> read_image_size(const std::filesystem::path& path) {
  const MappedFile file(path);
  return image_size(file.bytes(), path.string());
}

}  // namespace goldpan
