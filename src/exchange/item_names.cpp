#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/exchange/resolve.hpp>

#include "exchange/formats.hpp"

namespace goldpan {
namespace {

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = path.find_first_of("/\\");
    if (slash != 0) parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  std::erase(parts, std::string_view());
  return parts;
}

std::string last_component(std::string_view path) {
  const auto parts = components(path);
  return parts.empty() ? std::string() : std::string(parts.back());
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

/// The path that an address means: its `d=` parameter (Label Studio's local storage) or its path,
/// decoded.
std::string path_of_address(std::string_view address) {
  if (const std::size_t d = address.find("?d="); d != std::string_view::npos) {
    std::string_view value = address.substr(d + 3);
    return percent_decoded(value.substr(0, value.find('&')));
  }
  if (const std::size_t scheme = address.find("://"); scheme != std::string_view::npos) {
    address.remove_prefix(scheme + 3);
    address = address.substr(0, address.find_first_of("?#"));
  }
  return percent_decoded(address);
}

/// Label Studio's uploads begin with eight hexadecimal digits and a dash.
std::string without_upload_prefix(const std::string& name) {
  if (name.size() < 10 || name[8] != '-') return name;
  for (std::size_t i = 0; i < 8; ++i) {
    if (hex_digit(name[i]) < 0) return name;
  }
  return name.substr(9);
}

/// As Django's get_valid_filename changes the names of uploads: spaces become underscores, and what
/// is neither letter, digit, dash, underscore nor dot is left out. Bytes beyond ASCII stay.
std::string tidy(const std::string& name) {
  std::string result;
  for (const char c : name) {
    if (c == ' ') {
      result += '_';
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.' || static_cast<unsigned char>(c) >= 0x80) {
      result += c;
    }
  }
  return result;
}

/// Components that two paths share at their ends, the last one not counted.
std::size_t shared_folders(const std::string& a, const std::string& b) {
  const auto left = components(a), right = components(b);
  std::size_t shared = 1;
  while (shared < left.size() && shared < right.size() &&
         left[left.size() - 1 - shared] == right[right.size() - 1 - shared]) {
    ++shared;
  }
  return shared;
}

}  // namespace

ItemNames::ItemNames(std::span<const std::string> ids) : ids_(ids.begin(), ids.end()) {
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    if (ids_[i].empty()) throw Error("ids", fmt::format("entry {} is empty", i));
    if (!exact_.emplace(ids_[i], i).second) {
      throw Error("ids", fmt::format("'{}' stands there twice", ids_[i]));
    }
    const std::string name = last_component(ids_[i]);
    file_names_[name].push_back(i);
    tidy_names_[tidy(name)].push_back(i);
    stems_[exchange::without_ending(name)].push_back(i);
  }
}

ItemNames::Found ItemNames::find_name(const std::string& name) const {
  const std::string last = last_component(name);
  const std::string stripped = without_upload_prefix(last);
  std::string truncated = stripped;
  // Django appends "_" and seven letters or digits where a name is taken.
  if (const std::size_t dot = truncated.rfind('.');
      dot != std::string::npos && dot > 8 && truncated[dot - 8] == '_') {
    truncated.erase(dot - 8, 8);
  }
  const std::pair<const Table*, std::string> ways[] = {
      {&file_names_, last},
      {&file_names_, stripped},
      {&tidy_names_, tidy(stripped)},
      {&stems_, last},
      {&stems_, exchange::without_ending(last)},
      {&stems_, exchange::without_ending(stripped)},
      {&tidy_names_, tidy(truncated)},
  };
  for (const auto& [table, key] : ways) {
    if (key.empty()) continue;
    const auto found = table->find(key);
    if (found == table->end()) continue;
    if (found->second.size() == 1) return {found->second[0], {}};
    // Several items of one file name: the one whose folders agree furthest.
    std::size_t most = 0;
    std::vector<std::size_t> best;
    for (const std::size_t item : found->second) {
      const std::size_t shared = shared_folders(ids_[item], name);
      if (shared > most) {
        most = shared;
        best.clear();
      }
      if (shared == most) best.push_back(item);
    }
    if (best.size() == 1) return {best[0], {}};
    return {kNone, best};
  }
  return {};
}

ItemNames::Found ItemNames::find(const std::string& id, const std::string& name) const {
  for (const std::string* text : {&id, &name}) {
    if (const auto found = exact_.find(*text); found != exact_.end()) return {found->second, {}};
  }
  if (!id.empty()) {
    // Our own id came back, but it is not in this pool: a look-alike would be the wrong item.
    return {};
  }
  const std::string path = path_of_address(name);
  if (const auto found = exact_.find(path); found != exact_.end()) return {found->second, {}};
  return find_name(path);
}

}  // namespace goldpan
