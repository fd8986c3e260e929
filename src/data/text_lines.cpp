#include "data/text_lines.hpp"

#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

namespace goldpan {

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  constexpr std::size_t kLongest = 4096;
  const MappedFile file(path);
  std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  std::vector<std::string> lines;
  std::unordered_map<std::string_view, std::size_t> seen;  // views into the mapped file
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string where = fmt::format("{}, line {}", path.string(), lines.size() + 1);
    if (line.empty()) throw Error(where, "is empty");
    if (line.size() > kLongest) {
      throw Error(where, fmt::format("has {} bytes, expected {} at most", line.size(), kLongest));
    }
    const auto [first, is_new] = seen.try_emplace(line, lines.size() + 1);
    if (!is_new)
      throw Error(where, fmt::format("'{}' stands in line {} already", line, first->second));
    lines.emplace_back(line);
  }
  return lines;
}

}  // namespace goldpan
