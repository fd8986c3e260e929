#include "data/groups.hpp"

#include <string_view>
#include <unordered_map>

#include <fmt/format.h>
#include <re2/re2.h>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

constexpr const char* kWhere = "group pattern";

/// "train/3/00012_00004.jpg" -> "00012_00004".
std::string_view stem(std::string_view id) {
  const std::size_t slash = id.rfind('/');
  if (slash != std::string_view::npos) id.remove_prefix(slash + 1);
  const std::size_t dot = id.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? id : id.substr(0, dot);
}

}  // namespace

std::vector<std::uint32_t> group_by_pattern(const std::vector<std::string>& ids,
                                            const std::vector<std::int32_t>& labels,
                                            const std::string& pattern,
                                            std::vector<std::string>& notes) {
  // RE2 has no backtracking: time is linear in the names, whatever the pattern.
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 expression(pattern, options);
  if (!expression.ok()) {
    throw Error(kWhere,
                fmt::format("'{}' is not a regular expression: {}", pattern, expression.error()));
  }
  if (expression.NumberOfCapturingGroups() == 0) {
    throw Error(kWhere, fmt::format("'{}' captures nothing, expected parentheses around the part "
                                    "that names the group",
                                    pattern));
  }
  std::vector<std::uint32_t> groups(ids.size());
  std::unordered_map<std::string, std::uint32_t> numbers;
  std::uint32_t next = 0;
  std::size_t alone = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string_view name = stem(ids[i]);
    re2::StringPiece match[2];  // the whole, and the first parentheses
    const re2::StringPiece text(name.data(), name.size());
    if (!expression.Match(text, 0, name.size(), re2::RE2::UNANCHORED, match, 2) ||
        match[1].data() == nullptr) {
      groups[i] = next++;
      ++alone;
      continue;
    }
    std::string key = std::string(match[1].data(), match[1].size());
    if (!labels.empty()) key += fmt::format("/{}", labels[i]);
    const auto [at, is_new] = numbers.try_emplace(std::move(key), next);
    if (is_new) ++next;
    groups[i] = at->second;
  }
  if (alone == ids.size() && !ids.empty()) {
    throw Error(kWhere, fmt::format("'{}' matches none of the {} names, the first is '{}'", pattern,
                                    ids.size(), stem(ids[0])));
  }
  if (alone > 0) {
    notes.push_back(
        fmt::format("{} of {} items do not match the group pattern; each is a group "
                    "of its own.",
                    alone, ids.size()));
  }
  return groups;
}

void refuse_group_pattern(const std::string& pattern, const std::string& format) {
  if (pattern.empty()) return;
  throw Error(kWhere,
              fmt::format("got '{}', but {} data has no file names to group by", pattern, format));
}

}  // namespace goldpan
