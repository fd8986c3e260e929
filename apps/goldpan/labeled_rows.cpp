#include "labeled_rows.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/label/label_session.hpp>

namespace {

using goldpan::Error;

/// A row named in a file, and where.
struct NamedRow {
  std::int64_t row = 0;
  std::string where;
};

/// Looks rows up by id, then by number.
class Names {
 public:
  explicit Names(const std::vector<std::string>& ids) {
    for (std::size_t row = 0; row < ids.size(); ++row) row_of_.emplace(ids[row], row);
  }

  std::optional<std::int64_t> find(const std::string& text) const {
    // An id first: names may be numbers.
    if (const auto found = row_of_.find(text); found != row_of_.end()) {
      return static_cast<std::int64_t>(found->second);
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size() &&
                       value == std::floor(value) && std::abs(value) < 9e15;
    return whole ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt;
  }

  std::int64_t get(const std::string& text, const std::string& where) const {
    if (const auto row = find(text)) return *row;
    throw Error(where, fmt::format("got '{}', expected the {}row number of a labelled item", text,
                                   row_of_.empty() ? "" : "id or the "));
  }

 private:
  std::unordered_map<std::string_view, std::size_t> row_of_;
};

constexpr auto kColumns = std::to_array<std::string_view>({"id", "index", "row"});

bool is_column(const std::string& word) {
  return std::ranges::find(kColumns, word) != kColumns.end();
}

/// Whether a first line names columns, one of which names rows.
bool is_header(const std::string& line, const std::string& path) {
  try {
    const auto rows = goldpan::parse_csv(line, path);
    return rows.size() == 1 && std::ranges::any_of(rows[0].fields, is_column);
  } catch (const Error&) {
    return false;  // a name with a quote in it
  }
}

std::vector<NamedRow> read_table(const std::string& text, const std::string& path,
                                 const Names& names) {
  const goldpan::CsvFile file(text, path);
  std::vector<NamedRow> rows;
  for (std::size_t i = 0; i < file.rows(); ++i) {
    if (file.has("label") && file.text(i, "label").empty()) continue;
    std::optional<std::int64_t> row;
    if (file.has("id")) row = names.find(file.text(i, "id"));
    for (const char* const column : {"index", "row"}) {
      if (!row && file.has(column)) row = names.get(file.text(i, column), file.where(i));
    }
    if (!row) row = names.get(file.text(i, "id"), file.where(i));
    rows.push_back({*row, file.where(i)});
  }
  return rows;
}

std::vector<NamedRow> read_list(const std::vector<std::string>& lines, const std::string& path,
                                const Names& names) {
  std::vector<NamedRow> rows;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const std::string where = fmt::format("{}:{}", path, i + 1);
    rows.push_back({names.get(lines[i], where), where});
  }
  return rows;
}

std::vector<NamedRow> read_text_file(const std::string& path, const std::vector<std::string>& ids) {
  const Names names(ids);
  if (std::filesystem::is_directory(path)) {
    return read_table(goldpan::read_session_labels(path), path, names);
  }
  const std::vector<std::string> lines = goldpan::read_text_lines(path);
  const auto first = std::ranges::find_if_not(lines, &std::string::empty);
  if (first != lines.end() && !names.find(*first) && is_header(*first, path)) {
    return read_table(goldpan::read_text(path), path, names);
  }
  return read_list(lines, path, names);
}

std::vector<NamedRow> read_npy(const std::string& path, bool& is_mask) {
  const goldpan::NpyFile file(path);
  is_mask = file.type() == "b1";
  std::vector<NamedRow> rows;
  std::size_t entry = 0;
  for (const std::int64_t value : file.integers()) {
    rows.push_back({value, fmt::format("{}, entry {}", path, entry++)});
  }
  return rows;
}

/// As many zeros and ones as the pool has rows are no row numbers: those would repeat.
bool looks_like_mask(const std::vector<NamedRow>& rows, std::size_t pool) {
  return rows.size() == pool && pool > 2 && std::ranges::all_of(rows, [](const NamedRow& named) {
           return named.row == 0 || named.row == 1;
         });
}

}  // namespace

std::vector<goldpan::Index> read_labeled(const std::string& path, std::size_t pool,
                                         const std::vector<std::string>& ids) {
  bool is_mask = false;
  const std::vector<NamedRow> named = std::filesystem::path(path).extension() == ".npy"
                                          ? read_npy(path, is_mask)
                                          : read_text_file(path, ids);
  if (is_mask && named.size() != pool) {
    throw Error(path, fmt::format("is a mask of {} rows, expected {}", named.size(), pool));
  }
  std::vector<goldpan::Index> rows;
  if (is_mask || looks_like_mask(named, pool)) {
    for (std::size_t row = 0; row < pool; ++row) {
      if (named[row].row != 0) rows.push_back(static_cast<goldpan::Index>(row));
    }
    return rows;
  }
  for (const auto& [row, where] : named) {
    if (row < 0 || static_cast<std::uint64_t>(row) >= pool) {
      throw Error(
          where, fmt::format("labelled index {} is out of range, expected 0 to {}", row, pool - 1));
    }
    rows.push_back(static_cast<goldpan::Index>(row));
  }
  std::ranges::sort(rows);
  if (const auto twice = std::ranges::adjacent_find(rows); twice != rows.end()) {
    throw Error(path, fmt::format("labelled index {} stands there twice", *twice));
  }
  return rows;
}
