#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace goldpan {

/// Unpacks a gzip file from memory, as far as asked.
class GzipReader {
 public:
  GzipReader(std::span<const std::byte> packed, std::string where);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  /// Fills `out`. Throws Error if the content ends before, or is damaged.
  void read(std::span<std::byte> out);
  /// Throws Error unless the content ends here, with the right checksum and nothing behind it.
  void expect_end();

  /// The most that `packed` bytes can unpack to: deflate's limit of 1032 to 1.
  static std::size_t most_unpacked(std::size_t packed);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::string where_;
};

/// True for bytes that begin as a gzip file does.
bool is_gzip(std::span<const std::byte> bytes);

}  // namespace goldpan
