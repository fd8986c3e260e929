#include "box_inputs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/imaging/image_size.hpp>

namespace {

using goldpan::Error;

std::string stem(const std::string& name) { return std::filesystem::path(name).stem().string(); }

/// "1280x720", or nothing.
bool read_size(const std::string& text, std::pair<int, int>& size) {
  const std::size_t cross = text.find('x');
  if (cross == std::string::npos) return false;
  const auto read = [](std::string_view part, int& number) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    return error == std::errc() && end == part.data() + part.size() && number > 0;
  };
  return read(std::string_view(text).substr(0, cross), size.first) &&
         read(std::string_view(text).substr(cross + 1), size.second);
}

using Files = std::map<std::string, std::filesystem::path>;

/// Image files below a folder, by file name without its ending.
Files list_images(const std::filesystem::path& folder, std::vector<std::string>& names) {
  Files files;
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(folder, error), end;
  for (; !error && at != end; at.increment(error)) {
    const std::string ending = at->path().extension().string();
    constexpr std::array<std::string_view, 6> kEndings = {".jpg", ".jpeg", ".png",
                                                          ".JPG", ".JPEG", ".PNG"};
    if (std::ranges::find(kEndings, ending) == kEndings.end()) continue;
    names.push_back(at->path().lexically_relative(folder).generic_string());
    files.emplace(at->path().stem().string(), at->path());
  }
  if (error) throw Error(folder.string(), "cannot be listed: " + error.message());
  std::ranges::sort(names);
  return files;
}

}  // namespace

goldpan::BoxFileOptions box_file_options(const std::string& images, const std::string& categories,
                                         bool drop_unknown) {
  goldpan::BoxFileOptions options;
  options.drop_unknown_categories = drop_unknown;
  std::pair<int, int> size;
  if (read_size(images, size)) {
    options.image_size = [size](const std::string&) { return size; };
  } else if (!images.empty()) {
    const auto files = std::make_shared<Files>(list_images(images, options.images));
    options.image_size = [files, images](const std::string& name) {
      const auto at = files->find(stem(name));
      if (at == files->end()) throw Error(images, fmt::format("has no image '{}'", name));
      return goldpan::read_image_size(at->second);
    };
  }
  if (!categories.empty()) {
    for (const goldpan::CsvRow& row :
         goldpan::parse_csv(goldpan::read_text(categories), categories)) {
      options.categories.push_back(row.fields[0]);
    }
  }
  return options;
}

Boxes open_boxes(const std::string& truth, const std::string& predictions,
                 const goldpan::BoxFileOptions& options) {
  Boxes boxes{goldpan::open_box_truth(truth, options), {}};
  goldpan::sort_by_number(boxes.truth);
  boxes.found = goldpan::open_box_predictions(predictions, boxes.truth, options);
  return boxes;
}

void add_attributes(const std::filesystem::path& path, const std::vector<std::string>& items,
                    goldpan::AttributeColumns& columns) {
  const std::vector<goldpan::CsvRow> rows =
      goldpan::parse_csv(goldpan::read_text(path), path.string());
  if (rows.empty()) throw Error(path.string(), "is empty");
  const std::vector<std::string>& header = rows[0].fields;
  std::size_t id = header.size();
  for (const char* name : {"id", "image", "name", "file_name"}) {
    if (id == header.size())
      id = static_cast<std::size_t>(std::ranges::find(header, name) - header.begin());
  }
  if (id == header.size()) {
    throw Error(path.string() + ":1", "has no column 'id', which names the items");
  }
  std::map<std::string, std::size_t> by_name, by_stem;
  for (std::size_t i = 0; i < items.size(); ++i) {
    by_name.emplace(items[i], i);
    const auto [at, is_new] = by_stem.emplace(stem(items[i]), i);
    if (!is_new) at->second = items.size();  // of several items: tells nothing
  }
  for (std::size_t column = 0; column < header.size(); ++column) {
    if (column != id) columns[header[column]].assign(items.size(), "");
  }
  std::vector<std::size_t> seen(items.size());
  for (std::size_t r = 1; r < rows.size(); ++r) {
    const auto& fields = rows[r].fields;
    const std::string where = fmt::format("{}:{}", path.string(), rows[r].line);
    if (fields.size() != header.size()) {
      throw Error(where, fmt::format("has {} fields, expected {}", fields.size(), header.size()));
    }
    auto at = by_name.find(fields[id]);
    if (at == by_name.end()) {
      at = by_stem.find(stem(fields[id]));
      if (at == by_stem.end() || at->second == items.size()) continue;
    }
    if (seen[at->second] != 0) {
      throw Error(where,
                  fmt::format("item '{}' stands in line {} already", fields[id], seen[at->second]));
    }
    seen[at->second] = rows[r].line;
    for (std::size_t column = 0; column < header.size(); ++column) {
      if (column != id) columns[header[column]][at->second] = fields[column];
    }
  }
}
