#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace goldpan {

/// A file that grows over several runs of the program and takes its name when it is complete. Held
/// exclusively (flock) while open. Every failure throws Error naming the file; what was written
/// before stays.
class PartialFile {
 public:
  /// Opens or makes the file. Throws Error if another process is writing it.
  explicit PartialFile(const std::filesystem::path& path);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  std::size_t size() const;
  void resize(std::size_t bytes);
  void write(std::size_t offset, std::span<const std::byte> bytes);
  /// Fills `bytes`. Requires: offset + bytes.size() <= size().
  void read(std::size_t offset, std::span<std::byte> bytes) const;
  /// Waits until all of it is on the disk.
  void flush();
  /// Replaces `path` by this file in one step.
  void rename_to(const std::filesystem::path& path);

 private:
  [[noreturn]] void fail(const std::string& what) const;

  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace goldpan
