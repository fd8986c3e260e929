#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace goldpan {

/// The members of a zip archive in memory, stored or deflated, with zip64: what NumPy's `.npz` and
/// PyTorch's `.pt` files are. Looks at the bytes, which must live as long.
class ZipArchive {
 public:
  struct Member {
    std::string name;
    std::uint16_t method = 0;  ///< 0: stored, 8: deflated
    std::uint32_t crc = 0;
    std::size_t packed_size = 0, size = 0;
    std::size_t header_offset = 0;
  };

  /// Throws Error naming `where` unless the bytes end in a zip archive's directory, all of whose
  /// members lie inside them.
  ZipArchive(std::span<const std::byte> bytes, std::string where);

  const std::vector<Member>& members() const { return members_; }
  /// The member of this name, or null.
  const Member* find(std::string_view name) const;

  /// A member's bytes: where they lie in the archive if they are stored there, else unpacked, with
  /// their checksum looked at. Throws Error for other methods, and for damaged data.
  struct Content {
    std::span<const std::byte> bytes;
    std::shared_ptr<const std::vector<std::byte>> unpacked;  ///< keeps the bytes; null: the archive
  };
  Content read(const Member& member) const;

 private:
  std::span<const std::byte> bytes_;
  std::string where_;
  std::vector<Member> members_;
};

}  // namespace goldpan
