#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace goldpan {

/// Numbers the groups that a pattern finds in file names (DatasetOptions::group_pattern): items
/// whose first captures agree, and whose `labels` agree unless that is empty, share a group; an
/// item that does not match stands alone. Numbers follow the order of the items.
///
/// `ids` are paths; the pattern sees the last part without its ending. Throws Error for a pattern
/// that is no regular expression, has no capture, or matches none of the names. Adds a note about
/// items that did not match.
std::vector<std::uint32_t> group_by_pattern(const std::vector<std::string>& ids,
                                            const std::vector<std::int32_t>& labels,
                                            const std::string& pattern,
                                            std::vector<std::string>& notes);

/// Throws Error if a pattern was given for a format whose items have no names of their own.
void refuse_group_pattern(const std::string& pattern, const std::string& format);

}  // namespace goldpan
