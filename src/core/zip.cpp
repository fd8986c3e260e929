#include "core/zip.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>
#include <zlib.h>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

constexpr std::uint32_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr std::uint32_t kEntry = 0x02014b50, kLocal = 0x04034b50;
constexpr std::size_t kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20;
constexpr std::size_t kEntrySize = 46, kLocalSize = 30;
constexpr std::uint16_t kZip64Field = 1;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;  // "see the zip64 field"
constexpr std::size_t kMostRatio = 1032;     // deflate's limit

/// Little-endian numbers by their offset. Throws where the bytes end before.
class Fields {
 public:
  Fields(std::span<const std::byte> bytes, const std::string& where)
      : bytes_(bytes), where_(where) {}

  template <typename T>
  T get(std::size_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) {
      throw Error(where_, "is a truncated or damaged zip archive");
    }
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }

  std::span<const std::byte> part(std::size_t offset, std::size_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) {
      throw Error(where_, "is a truncated or damaged zip archive");
    }
    return bytes_.subspan(offset, size);
  }

  std::size_t size() const { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  const std::string& where_;
};

/// Where the record at the archive's end begins, behind which a comment may stand.
std::size_t find_end(const Fields& fields, const std::string& where) {
  constexpr std::size_t kMostComment = 0xFFFF;
  const std::size_t size = fields.size();
  for (std::size_t back = kEndSize; back <= std::min(size, kEndSize + kMostComment); ++back) {
    if (fields.get<std::uint32_t>(size - back) == kEnd) return size - back;
  }
  throw Error(where, "is no zip archive, expected what numpy.savez or torch.save writes");
}

std::vector<std::byte> inflate_all(std::span<const std::byte> packed, std::size_t size,
                                   const std::string& where) {
  if (size / kMostRatio > packed.size()) {
    throw Error(where, fmt::format("claims that {} bytes unpack to {}", packed.size(), size));
  }
  std::vector<std::byte> out(size);
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    throw Error(where, "zlib could not start (out of memory?)");
  }
  constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
  std::size_t read = 0, written = 0;
  int result = Z_OK;
  while (result == Z_OK) {
    const std::size_t in = std::min(packed.size() - read, kMost);
    const std::size_t room = std::min(size - written, kMost);
    // zlib's interface is not const, but it only reads.
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data() + read));
    stream.avail_in = static_cast<uInt>(in);
    std::byte nothing;
    stream.next_out = reinterpret_cast<Bytef*>(room == 0 ? &nothing : out.data() + written);
    stream.avail_out = static_cast<uInt>(room);
    result = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    written += room - stream.avail_out;
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END || written != size) {
    throw Error(where, fmt::format("has damaged data: {} of {} bytes unpack", written, size));
  }
  return out;
}

}  // namespace

ZipArchive::ZipArchive(std::span<const std::byte> bytes, std::string where)
    : bytes_(bytes), where_(std::move(where)) {
  const Fields fields(bytes_, where_);
  const std::size_t end = find_end(fields, where_);
  std::size_t count = fields.get<std::uint16_t>(end + 10);
  std::size_t offset = fields.get<std::uint32_t>(end + 16);
  if (end >= kLocatorSize && fields.get<std::uint32_t>(end - kLocatorSize) == kEnd64Locator) {
    const auto end64 = fields.get<std::uint64_t>(end - kLocatorSize + 8);
    fields.part(end64, kEnd64Size);
    if (fields.get<std::uint32_t>(end64) != kEnd64) {
      throw Error(where_, "is a truncated or damaged zip archive");
    }
    count = fields.get<std::uint64_t>(end64 + 32);
    offset = fields.get<std::uint64_t>(end64 + 48);
  }
  for (std::size_t i = 0; i < count; ++i) {
    fields.part(offset, kEntrySize);
    if (fields.get<std::uint32_t>(offset) != kEntry) {
      throw Error(where_, fmt::format("is a damaged zip archive: entry {} is none", i));
    }
    Member member;
    const auto flags = fields.get<std::uint16_t>(offset + 8);
    member.method = fields.get<std::uint16_t>(offset + 10);
    member.crc = fields.get<std::uint32_t>(offset + 16);
    member.packed_size = fields.get<std::uint32_t>(offset + 20);
    member.size = fields.get<std::uint32_t>(offset + 24);
    member.header_offset = fields.get<std::uint32_t>(offset + 42);
    const std::size_t name_size = fields.get<std::uint16_t>(offset + 28);
    const std::size_t extra_size = fields.get<std::uint16_t>(offset + 30);
    const std::size_t comment_size = fields.get<std::uint16_t>(offset + 32);
    const auto name = fields.part(offset + kEntrySize, name_size);
    member.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
    const Fields extra(fields.part(offset + kEntrySize + name_size, extra_size), where_);
    for (std::size_t at = 0; at + 4 <= extra_size;) {
      const auto id = extra.get<std::uint16_t>(at);
      const std::size_t size = extra.get<std::uint16_t>(at + 2);
      std::size_t next = at + 4;
      if (id == kZip64Field) {
        for (std::size_t* const value :
             {&member.size, &member.packed_size, &member.header_offset}) {
          if (*value != kIn64) continue;
          *value = extra.get<std::uint64_t>(next);
          next += 8;
        }
      }
      at += 4 + size;
    }
    if ((flags & 1) != 0) throw Error(where_, fmt::format("has '{}' encrypted", member.name));
    members_.push_back(std::move(member));
    offset += kEntrySize + name_size + extra_size + comment_size;
  }
}

const ZipArchive::Member* ZipArchive::find(std::string_view name) const {
  const auto found = std::ranges::find(members_, name, &Member::name);
  return found == members_.end() ? nullptr : &*found;
}

ZipArchive::Content ZipArchive::read(const Member& member) const {
  const std::string where = where_ + ":" + member.name;
  const Fields fields(bytes_, where);
  fields.part(member.header_offset, kLocalSize);
  if (fields.get<std::uint32_t>(member.header_offset) != kLocal) {
    throw Error(where, "is a truncated or damaged zip archive");
  }
  // The local header's name and extra field may be of other lengths than the directory's.
  const std::size_t begin = member.header_offset + kLocalSize +
                            fields.get<std::uint16_t>(member.header_offset + 26) +
                            fields.get<std::uint16_t>(member.header_offset + 28);
  const auto packed = fields.part(begin, member.packed_size);
  if (member.method == 0) {
    if (member.size != member.packed_size) {
      throw Error(where, "is a truncated or damaged zip archive");
    }
    return {packed, nullptr};
  }
  if (member.method != 8) {
    throw Error(where,
                fmt::format("is packed by method {}, expected stored or deflated", member.method));
  }
  auto unpacked =
      std::make_shared<const std::vector<std::byte>>(inflate_all(packed, member.size, where));
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(unpacked->data()), unpacked->size());
  if (crc != member.crc) throw Error(where, "has damaged data: its checksum is another");
  return {*unpacked, unpacked};
}

}  // namespace goldpan
