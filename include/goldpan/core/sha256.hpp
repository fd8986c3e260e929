#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace goldpan {

/// SHA-256 (FIPS 180-4): names inputs in caches, journals and audit trails.
class Sha256 {
 public:
  Sha256();
  Sha256& update(std::span<const std::byte> bytes);
  Sha256& update(std::string_view text);
  /// The digest of all bytes so far, as 64 lower-case hexadecimal digits. More may be added
  /// afterwards.
  std::string hex() const;

 private:
  void compress(const std::uint8_t* block);

  std::array<std::uint32_t, 8> state_;
  std::array<std::uint8_t, 64> buffer_ = {};
  std::uint64_t length_ = 0;
};

}  // namespace goldpan
