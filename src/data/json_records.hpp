#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file_bytes.hpp"

namespace goldpan {

/// Cuts a file that is one JSON list of objects, `[{...}, {...}, ...]`, into its objects without
/// parsing them. Memory holds a megabyte, or the largest object, however long the file is: simdjson
/// alone would need the whole file and four bytes of index for each of its bytes.
class JsonRecords {
 public:
  /// Readable bytes behind each record, which simdjson asks for.
  static constexpr std::size_t kPadding = 64;

  struct Record {
    std::string_view text;   ///< one object; valid until the next call
    std::size_t offset = 0;  ///< its first byte's place in the file
    std::size_t number = 0;  ///< its place in the list
  };

  /// Throws Error if the file cannot be read.
  explicit JsonRecords(const std::filesystem::path& path);

  /// The next object, or nothing after the last. Throws Error, with the byte, if the file is cut
  /// off, is not a list of objects, goes on behind the list, or has an object above 64 MiB.
  std::optional<Record> next();

 private:
  /// Reads on; keeps what stands in the buffer from `begin` on, and moves it to the front. False at
  /// the end of the file.
  bool read_on(std::size_t begin);
  /// The next byte that is not white space, or 0 at the end of the file.
  char next_mark();
  std::size_t offset() const { return buffer_offset_ + at_; }
  [[noreturn]] void fail(std::size_t byte, const std::string& what) const;

  OpenFile file_;
  std::vector<char> buffer_;
  std::size_t buffer_offset_ = 0;  // of the buffer's first byte in the file
  std::size_t at_ = 0;             // in the buffer
  std::size_t end_ = 0;            // of what was read into the buffer
  std::size_t records_ = 0;
  bool done_ = false;
};

}  // namespace goldpan
