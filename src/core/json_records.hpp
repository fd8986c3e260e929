#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file_bytes.hpp"

namespace goldpan {

/// How a file of records is laid out.
enum class JsonLayout {
  kList,           ///< one list of objects: [{...}, {...}, ...]
  kObjectOfLists,  ///< one object whose members are such lists, or anything else: {"images": [...]}
};

/// Cuts a JSON file into its records, which are objects in a list, without parsing them. Memory
/// holds a megabyte, or the largest object, however long the file is: simdjson alone would need the
/// whole file and four bytes of index for each of its bytes.
class JsonRecords {
 public:
  /// Readable bytes behind each record, which simdjson asks for.
  static constexpr std::size_t kPadding = 64;

  struct Record {
    std::string_view text;   ///< one object; valid until the next call
    std::size_t offset = 0;  ///< its first byte's place in the file
    std::size_t number = 0;  ///< its place in the list
    /// kObjectOfLists: the name of the member that holds the list, as it stands in the file
    /// (escapes are kept); valid until the next call.
    std::string_view list;
  };

  /// `record` is what messages call a record. Throws Error if the file cannot be read.
  explicit JsonRecords(const std::filesystem::path& path, JsonLayout layout = JsonLayout::kList,
                       std::string record = "frame");

  /// The next object, or nothing after the last. Members that are no lists of objects are passed
  /// over. Throws Error, with the byte, if the file is cut off, is not laid out as expected, goes
  /// on behind its end, holds a list twice, or has an object above 64 MiB.
  std::optional<Record> next();

  /// kObjectOfLists: whether a list of this name, empty or not, has been met so far.
  bool has_met(std::string_view list) const;

 private:
  /// Reads on; keeps what stands in the buffer from `begin` on, and moves it to the front. False at
  /// the end of the file.
  bool read_on(std::size_t begin);
  /// The next byte that is not white space, or 0 at the end of the file.
  char next_mark();
  std::size_t offset() const { return buffer_offset_ + at_; }
  [[noreturn]] void fail(std::size_t byte, const std::string& what) const;
  [[noreturn]] void cut_off(const std::string& where) const;
  /// Fails unless `good`: at the end of the file as cut off.
  void expect(bool good, const std::string& expected) const;

  std::optional<Record> next_in_list();
  Record take_record();
  /// Goes to the next member that is a list with records, behind its '['. False at the object's
  /// end.
  bool enter_list();
  std::string take_key();
  void skip_value(char mark);
  /// Goes behind the bracket that closes the outermost one; `depth` brackets are open already.
  void skip_nested(std::size_t depth);
  void finish();

  OpenFile file_;
  JsonLayout layout_;
  std::string record_;
  std::vector<char> buffer_;
  std::size_t buffer_offset_ = 0;  // of the buffer's first byte in the file
  std::size_t at_ = 0;             // in the buffer
  std::size_t end_ = 0;            // of what was read into the buffer
  std::size_t records_ = 0;        // of the list that is being read
  bool in_list_ = false;
  bool begun_ = false;
  bool done_ = false;
  std::string list_;
  std::vector<std::string> met_;
};

}  // namespace goldpan
