#pragma once

#include <span>
#include <string>
#include <string_view>

#include <goldpan/tasks/task.hpp>

namespace goldpan::report {

/// A column of one or more tables: its name means the same in all of them.
struct ColumnInfo {
  std::string_view name;
  std::string_view unit;  ///< "" for text
  std::string_view meaning;
};

/// A table of the report. Its header line is its columns: what is written and what tables/README.md
/// says of it come from here.
struct TableInfo {
  std::string_view file;
  std::string_view about;
  std::string_view columns;  ///< the header line
};

std::span<const TableInfo> table_infos();
std::span<const ColumnInfo> column_infos();

/// The header line of a table in the report of a task: table_infos() holds those of classification,
/// and other tasks have their metrics in their places. Requires: the file is among table_infos().
std::string header_of(std::string_view file, const TaskInfo& task = find_task("classification"));

/// tables/README.md: every table, and a sentence and a unit for each of its columns.
std::string data_dictionary(std::string_view currency,
                            const TaskInfo& task = find_task("classification"));

}  // namespace goldpan::report
