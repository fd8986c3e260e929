#include <charconv>
#include <cmath>

#include <goldpan/core/error.hpp>
#include <goldpan/core/options.hpp>

namespace goldpan {
namespace {

std::string short_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

template <typename Number>
bool parse(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_one_of(std::string_view value, std::string_view choices) {
  while (!choices.empty()) {
    const std::size_t comma = choices.find(',');
    if (choices.substr(0, comma) == value) return true;
    if (comma == std::string_view::npos) return false;
    choices.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

bool accepts(const OptionInfo& row, std::string_view text) {
  double value = 0;
  switch (row.type) {
    case OptionType::kFlag:
      return text == "true" || text == "false";
    case OptionType::kChoice:
      return is_one_of(text, row.choices);
    case OptionType::kCount: {
      std::uint64_t whole = 0;
      if (!parse(text, whole)) return false;
      value = static_cast<double>(whole);
      break;
    }
    case OptionType::kReal:
      if (!parse(text, value) || !std::isfinite(value)) return false;
      break;
  }
  return value <= row.most && (row.above_least ? value > row.least : value >= row.least);
}

std::string range_of(const OptionInfo& row) {
  if (row.type == OptionType::kFlag) return "true or false";
  if (row.type == OptionType::kChoice) {
    std::string text = "one of ";
    for (const char c : row.choices) text += c == ',' ? std::string(", ") : std::string(1, c);
    return text;
  }
  const std::string kind = row.type == OptionType::kCount ? "a whole number" : "a number";
  const bool bounded = row.most < std::numeric_limits<double>::max();
  const std::string least = short_text(row.least);
  if (row.above_least) {
    return kind + " above " + least + (bounded ? " and up to " + short_text(row.most) : "");
  }
  return kind +
         (bounded ? " from " + least + " to " + short_text(row.most) : " of " + least + " or more");
}

OptionValues& OptionValues::set(const std::string& name, std::string value) {
  given_.insert_or_assign(name, std::move(value));
  return *this;
}

OptionValues& OptionValues::set(const std::string& name, double value) {
  return set(name, short_text(value));
}

OptionValues& OptionValues::set_pair(std::string_view pair) {
  const std::size_t equals = pair.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    throw Error("option", "got '" + std::string(pair) + "', expected name=value");
  }
  return set(std::string(pair.substr(0, equals)), std::string(pair.substr(equals + 1)));
}

OptionValues OptionValues::resolve(std::span<const OptionInfo> rows, std::string_view owner) const {
  OptionValues resolved;
  for (const OptionInfo& row : rows) {
    const std::string name(row.name);
    const auto given = given_.find(name);
    resolved.given_[name] = given == given_.end() ? std::string(row.standard) : given->second;
    if (!accepts(row, resolved.given_[name])) {
      throw Error(name, "got " + resolved.given_[name] + " for " + std::string(owner) +
                            ", expected " + range_of(row));
    }
  }
  for (const auto& [name, value] : given_) {
    if (resolved.given_.contains(name)) continue;
    std::string known;
    for (const OptionInfo& row : rows) known += (known.empty() ? "" : ", ") + std::string(row.name);
    throw Error(name, "is no option of " + std::string(owner) + ", expected " +
                          (known.empty() ? "none: it has no options" : "one of: " + known));
  }
  return resolved;
}

const std::string& OptionValues::text(std::string_view name) const {
  const auto found = given_.find(std::string(name));
  if (found == given_.end()) throw Error(name, "was not resolved, expected OptionValues::resolve");
  return found->second;
}

double OptionValues::real(std::string_view name) const {
  double value = 0;
  parse(text(name), value);
  return value;
}

std::size_t OptionValues::count(std::string_view name) const {
  std::uint64_t value = 0;
  parse(text(name), value);
  return static_cast<std::size_t>(value);
}

bool OptionValues::flag(std::string_view name) const { return text(name) == "true"; }

}  // namespace goldpan
