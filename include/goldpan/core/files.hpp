#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace goldpan {

/// A read-only file mapped into memory; the bytes live as long as any copy of this object.
class MappedFile {
 public:
  MappedFile() = default;
  /// Throws Error if the file is missing, not a regular file or not readable.
  explicit MappedFile(const std::filesystem::path& path);

  std::span<const std::byte> bytes() const;
  const std::filesystem::path& path() const { return path_; }

 private:
  struct Mapping;
  std::shared_ptr<const Mapping> mapping_;
  std::filesystem::path path_;
};

/// The whole file as a string. Throws Error as MappedFile does.
std::string read_text(const std::filesystem::path& path);

/// The lines of a text file, without line ends (either kind) and byte-order mark; empty lines at
/// the end do not count. Throws Error as MappedFile does.
std::vector<std::string> read_text_lines(const std::filesystem::path& path);

/// Whether a file is on the disk, not only with the system, when write_file returns.
enum class Flush { kYes, kNo };

/// Replaces the file by `content` in one step: written beside it, flushed to disk unless that is
/// not wanted, renamed. On any failure (no permission, disk full) throws Error and leaves the old
/// file as it was.
void write_file(const std::filesystem::path& path, std::string_view content,
                Flush flush = Flush::kYes);

/// Creates the folder and its parents. Throws Error if it cannot be made or written into.
void make_writable_folder(const std::filesystem::path& path);

}  // namespace goldpan
