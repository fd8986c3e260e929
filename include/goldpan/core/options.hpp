#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace goldpan {

/// What an option's value is. kCount is a whole number of 0 or more.
enum class OptionType : std::uint8_t { kReal, kCount, kFlag, kChoice };

/// One option of a strategy, an encoder or a learner. The row is all there is to say: the command
/// line, TOML files, Python, the docs and the contract tests read it.
struct OptionInfo {
  std::string_view name;  ///< "radius"
  OptionType type = OptionType::kReal;
  std::string_view standard;  ///< the default, as one would type it
  std::string_view help;
  /// kReal, kCount: the range, ends included.
  double least = 0;
  double most = std::numeric_limits<double>::max();
  bool above_least = false;       ///< `least` itself is refused
  std::string_view choices = {};  ///< kChoice: the values, separated by commas
};

/// Values of options by name, as text. A plain map until resolve() has checked and completed it.
class OptionValues {
 public:
  OptionValues() = default;

  OptionValues& set(const std::string& name, std::string value);
  OptionValues& set(const std::string& name, const char* value) {
    return set(name, std::string(value));
  }
  OptionValues& set(const std::string& name, double value);
  template <std::integral Number>
  OptionValues& set(const std::string& name, Number value) {
    if constexpr (std::is_same_v<Number, bool>) return set(name, value ? "true" : "false");
    return set(name, std::to_string(value));
  }
  /// Takes "name=value". Throws Error for anything else.
  OptionValues& set_pair(std::string_view pair);

  bool empty() const { return given_.empty(); }
  const std::map<std::string, std::string>& given() const { return given_; }

  /// These values with the defaults of the rows for those not given. Throws Error naming `owner`,
  /// the option and what was expected for a name that no row has, a value of another type or one
  /// out of range.
  OptionValues resolve(std::span<const OptionInfo> rows, std::string_view owner) const;

  /// Requires: resolved against a row of this name and type.
  double real(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  bool flag(std::string_view name) const;
  const std::string& text(std::string_view name) const;

 private:
  std::map<std::string, std::string> given_;
};

/// Whether the text is a value that the row takes.
bool accepts(const OptionInfo& row, std::string_view text);

/// "0 to 1", "above 0", "one of cosine, euclidean", "true or false": what a row takes.
std::string range_of(const OptionInfo& row);

}  // namespace goldpan
