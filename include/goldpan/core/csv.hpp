#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace goldpan {

/// A field of a CSV file in the manner of RFC 4180: quoted where it holds a comma, a quote or a
/// line end, with quotes doubled.
inline std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '"') quoted += '"';
    quoted += character;
  }
  return quoted + '"';
}

/// A field of free text (an id, a label, a note) that a spreadsheet must not take for a formula:
/// what begins with = + - @, a tab or a carriage return gets an apostrophe in front, and so does
/// what begins with an apostrophe, so that from_csv_text brings every text back. Quoted as
/// csv_field. Numbers are written by csv_field, else -1 would become text.
std::string csv_text(std::string_view text);

/// The text that csv_text wrote, from the field as parse_csv returns it: without the one apostrophe
/// that csv_text put in front. An apostrophe before anything else is left as it is, so that files
/// of other programs keep theirs.
std::string from_csv_text(std::string_view field);

/// One line of a CSV file.
struct CsvRow {
  std::vector<std::string> fields;
  std::size_t line = 0;  ///< the line of the file that it begins in, from 1
};

/// Cuts a CSV file (RFC 4180; either line end, a byte-order mark is passed over, empty lines are
/// left out) into rows. Throws Error naming `where` and the line for a quote that is never closed,
/// text behind a closing quote, or a NUL byte.
std::vector<CsvRow> parse_csv(std::string_view text, std::string_view where);

/// A CSV file whose first line names its columns.
class CsvFile {
 public:
  /// Throws as parse_csv does, and for a file without a header, a column named twice, or a row with
  /// another number of fields than the header.
  CsvFile(std::string_view text, std::string where);

  std::size_t rows() const { return rows_.size(); }
  bool has(std::string_view column) const;
  /// The field as it stands, or "" where there is no such column.
  std::string field(std::size_t row, std::string_view column) const;
  /// from_csv_text of it.
  std::string text(std::size_t row, std::string_view column) const {
    return from_csv_text(field(row, column));
  }
  /// "labels.csv:7".
  std::string where(std::size_t row) const;
  /// Throws Error unless the column is there, naming those that are.
  void require(std::string_view column) const;

 private:
  std::size_t find(std::string_view column) const;

  std::string where_;
  std::vector<std::string> columns_;
  std::vector<CsvRow> rows_;
};

}  // namespace goldpan
