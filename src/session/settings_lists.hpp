#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <goldpan/core/error.hpp>

namespace goldpan {

/// The parts of a comma-separated list, trimmed; none of an empty text. An empty part stays one, so
/// that whoever reads it refuses "0.1,,0.2".
std::vector<std::string> split_list(const std::string& text);

/// The whole text as a number. Throws Error naming `where`.
template <typename Number>
Number parse_number(std::string_view where, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(where, "got '" + std::string(text) + "', expected a " +
                           (std::is_integral_v<Number> ? "whole non-negative " : "") + "number");
  }
  return value;
}

}  // namespace goldpan
