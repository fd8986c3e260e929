#include "exchange_inputs.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/imaging/image_size.hpp>

using goldpan::Error;

std::vector<std::string> read_classes(const std::string& list_or_file) {
  std::vector<std::string> classes;
  std::error_code ignored;
  if (std::filesystem::is_regular_file(list_or_file, ignored)) {
    classes = goldpan::read_text_lines(list_or_file);
  } else {
    std::size_t begin = 0;
    while (begin <= list_or_file.size() && !list_or_file.empty()) {
      const std::size_t end = std::min(list_or_file.find(',', begin), list_or_file.size());
      classes.push_back(list_or_file.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  std::vector<std::string> sorted = classes;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
    throw Error("--classes", fmt::format("names '{}' twice", *twice));
  }
  if (!sorted.empty() && sorted.front().empty()) {
    throw Error("--classes", "has an empty name");
  }
  return classes;
}

std::function<std::pair<int, int>(const std::string&)> image_sizes(const std::string& folder) {
  if (folder.empty()) return {};
  return [folder](const std::string& item) {
    const std::filesystem::path name = item;
    if (name.is_absolute() || std::ranges::find(name, "..") != name.end()) {
      throw Error(item, "leads out of the folder of images");
    }
    std::error_code ignored;
    for (const char* ending : {"", ".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG"}) {
      const std::filesystem::path path = folder / std::filesystem::path(item + ending);
      if (std::filesystem::is_regular_file(path, ignored)) return goldpan::read_image_size(path);
    }
    throw Error(item, fmt::format("is no image below {}", folder));
  };
}
