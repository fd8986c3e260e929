#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

#include "exchange/formats.hpp"

// YOLO's folders (https://docs.ultralytics.com/datasets/detect/): data.yaml names the classes,
// labels/SPLIT/NAME.txt has a line "class centre_x centre_y width height" for each rectangle, in
// shares of the image. An empty file is an image without objects. Darknet's obj.names and
// obj_train_data are read too.

namespace goldpan::exchange {
namespace {

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

/// A YAML scalar as data.yaml holds it: plain, 'single' or "double" quoted.
std::string scalar(std::string_view given) {
  std::string value = trimmed(given);
  if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') {
    std::string inner;
    for (std::size_t i = 1; i + 1 < value.size(); ++i) {
      inner += value[i];
      if (value[i] == '\'' && value[i + 1] == '\'') ++i;
    }
    return inner;
  }
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    std::string inner;
    for (std::size_t i = 1; i + 1 < value.size(); ++i) {
      if (value[i] == '\\' && i + 2 < value.size()) ++i;
      inner += value[i];
    }
    return inner;
  }
  if (const std::size_t comment = value.find(" #"); comment != std::string::npos) {
    value = trimmed(std::string_view(value).substr(0, comment));
  }
  return value;
}

/// Cuts "a, 'b, c', d" at the commas outside quotes.
std::vector<std::string> cut(std::string_view text) {
  std::vector<std::string> parts(1);
  char quote = 0;
  for (const char c : text) {
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    }
    if (c == ',' && quote == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (trimmed(parts.back()).empty()) parts.pop_back();
  return parts;
}

std::optional<std::size_t> whole_number(const std::string& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "3: car" -> 3, "car".
void add_numbered(const std::string& entry, const std::string& where,
                  std::map<std::size_t, std::string>& names) {
  const std::size_t colon = entry.find(':');
  const auto number =
      colon == std::string::npos ? std::nullopt : whole_number(trimmed(entry.substr(0, colon)));
  if (!number || *number > 1'000'000) {
    throw Error(where, fmt::format("got '{}', expected 'NUMBER: NAME'", entry));
  }
  if (!names.emplace(*number, scalar(entry.substr(colon + 1))).second) {
    throw Error(where, fmt::format("names class {} twice", *number));
  }
}

/// The value of `names:` in data.yaml: [a, b], {0: a, 1: b}, or a block of either kind.
std::map<std::size_t, std::string> names_of_yaml(const std::filesystem::path& path) {
  const std::vector<std::string> lines = read_text_lines(path);
  const auto start = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.starts_with("names:");
  });
  if (start == lines.end()) throw Error(path.string(), "has no 'names:'");
  std::map<std::size_t, std::string> names;
  std::string inline_value = trimmed(std::string_view(*start).substr(6));
  auto line = start + 1;
  const auto where = [&] { return fmt::format("{}:{}", path.string(), line - lines.begin()); };
  if (!inline_value.empty() && (inline_value[0] == '[' || inline_value[0] == '{')) {
    const char close = inline_value[0] == '[' ? ']' : '}';
    while (inline_value.back() != close && line != lines.end()) {
      inline_value += " " + trimmed(*line++);
    }
    if (inline_value.back() != close) throw Error(path.string(), "'names:' is never closed");
    for (const std::string& part : cut(inline_value.substr(1, inline_value.size() - 2))) {
      if (close == ']') {
        names.emplace(names.size(), scalar(part));
      } else {
        add_numbered(part, where(), names);
      }
    }
    return names;
  }
  for (; line != lines.end(); ++line) {
    const std::string entry = trimmed(*line);
    if (entry.empty() || entry[0] == '#') continue;
    if (entry.starts_with("- ")) {
      names.emplace(names.size(), scalar(entry.substr(2)));
    } else if (line->front() == ' ' || line->front() == '\t') {
      add_numbered(entry, where(), names);
    } else {
      break;  // the next key
    }
  }
  return names;
}

std::map<std::size_t, std::string> read_names(const std::filesystem::path& root) {
  std::error_code ignored;
  for (const char* name : {"data.yaml", "dataset.yaml", "data.yml"}) {
    if (std::filesystem::is_regular_file(root / name, ignored)) return names_of_yaml(root / name);
  }
  for (const char* name : {"obj.names", "classes.txt"}) {
    if (!std::filesystem::is_regular_file(root / name, ignored)) continue;
    std::map<std::size_t, std::string> names;
    for (const std::string& line : read_text_lines(root / name)) {
      if (!trimmed(line).empty()) names.emplace(names.size(), trimmed(line));
    }
    return names;
  }
  throw Error(root.string(), "has no data.yaml, obj.names or classes.txt that names the classes");
}

/// All numbers of a line; throws Error for what is none.
std::vector<double> numbers_of(const std::string& line, const std::string& where) {
  std::vector<double> numbers;
  const char* at = line.data();
  const char* const end = at + line.size();
  while (true) {
    while (at != end && (*at == ' ' || *at == '\t')) ++at;
    if (at == end) return numbers;
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || !std::isfinite(value) ||
        (next != end && *next != ' ' && *next != '\t')) {
      throw Error(where, fmt::format("got '{}', expected numbers", line.substr(0, 80)));
    }
    numbers.push_back(value);
    at = next;
  }
}

void read_label_file(const std::filesystem::path& path,
                     const std::map<std::size_t, std::string>& names, const ReadOptions& options,
                     Annotation& annotation) {
  std::optional<std::pair<int, int>> size;
  std::size_t number = 0;
  for (const std::string& line : read_text_lines(path)) {
    const std::string where = fmt::format("{}:{}", path.string(), ++number);
    const std::vector<double> values = numbers_of(line, where);
    if (values.empty()) continue;
    if (values.size() != 5 && values.size() != 6) {
      if (values.size() >= 7 && values.size() % 2 == 1) {
        annotation.left_out.emplace_back("polygon");
        continue;
      }
      throw Error(where,
                  fmt::format("has {} numbers, expected 'class x y width height'", values.size()));
    }
    const double category = values[0];
    if (!(category >= 0 && category < 1e6) || category != std::floor(category)) {
      throw Error(where, fmt::format("has class {}, expected a whole number", category));
    }
    if (!size) size = size_of(options, annotation.item, where);
    NamedRectangle rectangle;
    const auto name = names.find(static_cast<std::size_t>(category));
    // Not an error here: the resolver names what it does not know.
    rectangle.label = name == names.end() ? fmt::format("class {}", category) : name->second;
    rectangle.box.width = values[3] * size->first;
    rectangle.box.height = values[4] * size->second;
    rectangle.box.x = values[1] * size->first - rectangle.box.width / 2;
    rectangle.box.y = values[2] * size->second - rectangle.box.height / 2;
    if (values.size() == 6) rectangle.score = values[5];
    annotation.boxes.push_back(std::move(rectangle));
  }
}

std::string yaml_text(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c == '\n' ? ' ' : c;
  }
  return quoted + "'";
}

}  // namespace

Files write_yolo(const ExportSet& set, const ExportOptions& /*options*/) {
  Files files;
  std::string yaml = "path: .\ntrain: images/train\nval: images/train\nnames:\n";
  std::map<std::string, std::size_t> category;
  for (std::size_t c = 0; c < set.classes.size(); ++c) {
    category[set.classes[c]] = c;
    yaml += fmt::format("  {}: {}\n", c, yaml_text(set.classes[c]));
  }
  files.push_back({"data.yaml", yaml});
  for (const ExportItem& item : set.items) {
    std::string lines;
    for (const NamedRectangle& rectangle : item.boxes) {
      const Box& box = rectangle.box;
      lines +=
          fmt::format("{} {:.8f} {:.8f} {:.8f} {:.8f}\n", category.at(rectangle.label),
                      (box.x + box.width / 2) / item.width, (box.y + box.height / 2) / item.height,
                      box.width / item.width, box.height / item.height);
    }
    files.push_back({"labels/train/" + without_ending(item.image) + ".txt", lines});
  }
  return files;
}

AnnotationFile read_yolo(const std::filesystem::path& path, const ReadOptions& options) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    throw Error(path.string(), "is no folder, expected one with data.yaml and labels/");
  }
  AnnotationFile file;
  const auto names = read_names(path);
  for (const auto& [number, name] : names) file.classes.push_back(name);
  std::filesystem::path root = path / "labels";
  if (!std::filesystem::is_directory(root, error)) root = path / "obj_train_data";
  if (!std::filesystem::is_directory(root, error)) {
    throw Error(path.string(), "has neither labels/ nor obj_train_data/");
  }
  std::vector<std::filesystem::path> found;
  for (std::filesystem::recursive_directory_iterator at(root, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == ".txt" && at->is_regular_file(error)) found.push_back(at->path());
  }
  if (error) throw Error(root.string(), "cannot list the folder: " + error.message());
  std::sort(found.begin(), found.end());
  for (const std::filesystem::path& label_file : found) {
    Annotation annotation;
    annotation.where = label_file.string();
    annotation.item = without_ending(label_file.lexically_relative(root).generic_string());
    for (const char* split : {"train/", "val/", "test/"}) {
      if (annotation.item.starts_with(split)) {
        annotation.item.erase(0, std::string_view(split).size());
        break;
      }
    }
    read_label_file(label_file, names, options, annotation);
    file.annotations.push_back(std::move(annotation));
  }
  return file;
}

}  // namespace goldpan::exchange
