#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

namespace goldpan::exchange {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

/// Throws Error naming the file and the byte.
inline Json read_json(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Error(path.string(), fmt::format("is not JSON: byte {}", error.byte));
  }
}

/// Text of our own output: an id that is not UTF-8 must not end an export.
inline std::string dump(const OrderedJson& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// The member, or null where there is none or `object` is no object.
inline const Json& member(const Json& object, const char* name) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

/// The member as text; "" where it is missing or no text. Numbers are written out: tools number
/// their users.
inline std::string text(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (value.is_string()) return value.get<std::string>();
  return value.is_number() ? value.dump() : std::string();
}

/// The member as a finite number. Throws Error naming `where`.
inline double number(const Json& object, const char* name, const std::string& where) {
  const Json& value = member(object, name);
  const double result = value.is_number() ? value.get<double>() : std::nan("");
  if (!std::isfinite(result)) {
    throw Error(where, fmt::format("has no number '{}'", name));
  }
  return result;
}

/// A list, or Error naming `where`.
inline const Json& list(const Json& value, const std::string& where, const char* what) {
  if (!value.is_array()) throw Error(where, fmt::format("expected a list of {}", what));
  return value;
}

}  // namespace goldpan::exchange
