#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace goldpan {

/// A regular file open for reading. Throws Error, naming it, if it cannot be.
class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Its size when it was opened.
  std::size_t size() const { return size_; }
  /// Fills `out` from `offset` on. Throws Error if the file has become too short for that.
  void read(std::size_t offset, std::span<std::byte> out) const;

 private:
  std::filesystem::path path_;
  int descriptor_;
  std::size_t size_ = 0;
};

/// A whole file, read rather than mapped: cheaper for thousands of small ones, and a file that is
/// cut while it is read is an error rather than a crash. Throws Error if it cannot be read or is
/// larger than 1 GiB.
std::vector<std::byte> read_bytes(const std::filesystem::path& path);

/// SHA-256 of a file's size, first 4 KiB and last 4 KiB: tells image files apart without reading
/// all of a large data set. Throws Error if it cannot be read.
std::string sampled_digest(const std::filesystem::path& path);

/// What the bytes look like: "a JPEG image", "an HTML page", "an empty file", "data that begins
/// with 0x12 0x34 0x56 0x78".
std::string looks_like(std::span<const std::byte> bytes);

}  // namespace goldpan
