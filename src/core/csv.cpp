#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

/// First characters by which spreadsheets know a formula (OWASP, "CSV Injection"), and the one that
/// neutralises them.
constexpr std::string_view kFormulaStarts = "=+-@\t\r'";

bool needs_apostrophe(std::string_view text) {
  return !text.empty() && kFormulaStarts.find(text.front()) != std::string_view::npos;
}

}  // namespace

std::string csv_text(std::string_view text) {
  if (!needs_apostrophe(text)) return csv_field(text);
  return csv_field("'" + std::string(text));
}

std::string from_csv_text(std::string_view field) {
  if (field.starts_with('\'') && needs_apostrophe(field.substr(1))) field.remove_prefix(1);
  return std::string(field);
}

std::vector<CsvRow> parse_csv(std::string_view text, std::string_view where) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<CsvRow> rows;
  std::size_t at = 0, line = 1;
  const auto fail = [&](std::size_t in_line, const char* what) {
    throw Error(fmt::format("{}:{}", where, in_line), what);
  };
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    fail(1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + nul, '\n')),
         "has a NUL byte, expected text");
  }
  while (at < text.size()) {
    CsvRow row;
    row.line = line;
    bool end_of_row = false;
    while (!end_of_row) {
      std::string field;
      if (at < text.size() && text[at] == '"') {
        const std::size_t opened = line;
        for (++at;; ++at) {
          if (at >= text.size()) fail(opened, "has a quote that is never closed");
          if (text[at] == '\n') ++line;
          if (text[at] != '"') {
            field += text[at];
          } else if (at + 1 < text.size() && text[at + 1] == '"') {
            field += '"';
            ++at;
          } else {
            ++at;
            break;
          }
        }
        if (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '\r') {
          fail(line, "has text behind a closing quote, expected a comma or the line's end");
        }
      } else {
        const std::size_t end = std::min(text.find_first_of(",\r\n", at), text.size());
        field = text.substr(at, end - at);
        at = end;
      }
      row.fields.push_back(std::move(field));
      if (at < text.size() && text[at] == ',') {
        ++at;
        continue;
      }
      if (at < text.size() && text[at] == '\r') ++at;
      if (at < text.size() && text[at] == '\n') ++at;
      ++line;
      end_of_row = true;
    }
    if (row.fields.size() > 1 || !row.fields[0].empty()) rows.push_back(std::move(row));
  }
  return rows;
}

CsvFile::CsvFile(std::string_view text, std::string where) : where_(std::move(where)) {
  rows_ = parse_csv(text, where_);
  if (rows_.empty()) throw Error(where_, "is empty, expected a line that names the columns");
  columns_ = std::move(rows_.front().fields);
  rows_.erase(rows_.begin());
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (std::count(columns_.begin(), columns_.end(), columns_[c]) > 1) {
      throw Error(where_ + ":1", fmt::format("names the column '{}' twice", columns_[c]));
    }
  }
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    if (rows_[row].fields.size() != columns_.size()) {
      throw Error(this->where(row), fmt::format("has {} fields, expected {} as in the first line",
                                                rows_[row].fields.size(), columns_.size()));
    }
  }
}

std::size_t CsvFile::find(std::string_view column) const {
  return static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), column) -
                                  columns_.begin());
}

bool CsvFile::has(std::string_view column) const { return find(column) < columns_.size(); }

std::string CsvFile::field(std::size_t row, std::string_view column) const {
  const std::size_t c = find(column);
  return c < columns_.size() ? rows_.at(row).fields[c] : std::string();
}

std::string CsvFile::where(std::size_t row) const {
  return fmt::format("{}:{}", where_, rows_.at(row).line);
}

void CsvFile::require(std::string_view column) const {
  if (has(column)) return;
  throw Error(where_ + ":1",
              fmt::format("has no column '{}', only {}", column, fmt::join(columns_, ", ")));
}

}  // namespace goldpan
