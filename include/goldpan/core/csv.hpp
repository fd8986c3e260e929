#pragma once

#include <string>
#include <string_view>

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

}  // namespace goldpan
