#include <algorithm>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/tasks/slices.hpp>

namespace goldpan {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.emplace_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// The conditions of a text: what '&' parts, and commas before another condition. Other commas
/// belong to values.
std::vector<std::string> conditions(std::string_view text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '&' && text[at] != ',') continue;
    const std::string_view next = text.substr(at + 1, text.find_first_of("&,", at + 1) - (at + 1));
    if (text[at] == ',' && next.find('=') == std::string_view::npos) continue;
    parts.emplace_back(trimmed(text.substr(begin, at - begin)));
    begin = at + 1;
  }
  parts.emplace_back(trimmed(text.substr(begin)));
  return parts;
}

const std::vector<std::string>& column(const AttributeColumns& columns, const std::string& name) {
  const auto at = columns.find(name);
  if (at != columns.end()) return at->second;
  std::string known;
  for (const auto& [other, values] : columns) known += (known.empty() ? "" : ", ") + other;
  throw Error("slices", fmt::format("there is no attribute '{}', expected one of: {}", name,
                                    known.empty() ? "(none are known)" : known));
}

}  // namespace

SlicePredicate::SlicePredicate(std::string_view text) {
  for (const std::string& part : conditions(text)) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error("slice", fmt::format("got '{}', expected conditions as weather=rainy|snowy & "
                                       "timeofday=night",
                                       part));
    }
    Term term;
    term.excludes = part[equals - 1] == '!';
    term.attribute = trimmed(std::string_view(part).substr(0, equals - (term.excludes ? 1 : 0)));
    term.values = split(std::string_view(part).substr(equals + 1), '|');
    terms_.push_back(std::move(term));
  }
}

std::vector<Index> SlicePredicate::items(const AttributeColumns& columns) const {
  std::vector<Index> kept;
  bool first = true;
  for (const Term& term : terms_) {
    const std::vector<std::string>& values = column(columns, term.attribute);
    const auto meets = [&](Index item) {
      const bool among = std::ranges::find(term.values, values[item]) != term.values.end();
      return among != term.excludes;
    };
    if (first) {
      for (Index item = 0; item < values.size(); ++item) {
        if (meets(item)) kept.push_back(item);
      }
    } else {
      std::erase_if(kept, [&](Index item) { return !meets(item); });
    }
    first = false;
  }
  return kept;
}

std::vector<Index> SlicePredicate::known(const AttributeColumns& columns) const {
  std::vector<Index> kept;
  const std::size_t items = terms_.empty() ? 0 : column(columns, terms_.front().attribute).size();
  for (Index item = 0; item < items; ++item) {
    const bool known = std::ranges::none_of(
        terms_, [&](const Term& term) { return column(columns, term.attribute)[item].empty(); });
    if (known) kept.push_back(item);
  }
  return kept;
}

namespace {

/// The name and the condition of "name=attribute=value", where there are two signs in the first
/// condition; else the text is both.
std::pair<std::string_view, std::string_view> name_and_condition(std::string_view text) {
  const std::string_view first = text.substr(0, text.find_first_of("&,"));
  const std::size_t equals = first.find('=');
  const bool named = equals != std::string_view::npos && equals > 0 && first[equals - 1] != '!' &&
                     first.find('=', equals + 1) != std::string_view::npos;
  return {trimmed(named ? text.substr(0, equals) : text), named ? text.substr(equals + 1) : text};
}

}  // namespace

Slice slice_where(std::string_view text, const AttributeColumns& columns) {
  const auto [name, condition] = name_and_condition(text);
  return {std::string(name), SlicePredicate(condition).items(columns)};
}

std::vector<Index> slice_known(std::string_view text, const AttributeColumns& columns) {
  return SlicePredicate(name_and_condition(text).second).known(columns);
}

std::vector<Slice> slices_by(std::string_view attributes, const AttributeColumns& columns) {
  const std::vector<std::string> names = split(attributes, '+');
  std::size_t items = 0;
  for (const std::string& name : names) items = column(columns, name).size();
  std::map<std::vector<std::string>, std::vector<Index>> found;
  for (std::size_t item = 0; item < items; ++item) {
    std::vector<std::string> values;
    for (const std::string& name : names) values.push_back(column(columns, name)[item]);
    const bool known = std::ranges::none_of(values, [](const auto& v) { return v.empty(); });
    if (known) found[values].push_back(static_cast<Index>(item));
  }
  std::vector<Slice> slices;
  for (auto& [values, of_slice] : found) {
    std::string name;
    for (std::size_t i = 0; i < names.size(); ++i) {
      name += fmt::format("{}{}={}", i == 0 ? "" : " & ", names[i], values[i]);
    }
    slices.push_back({std::move(name), std::move(of_slice)});
  }
  return slices;
}

}  // namespace goldpan
