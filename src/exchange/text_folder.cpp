#include "exchange/text_folder.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

#include "core/file_bytes.hpp"
#include "exchange/box_readers.hpp"

namespace goldpan::exchange {
namespace {

constexpr std::size_t kLargestFile = std::size_t{64} << 20;

void split(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  constexpr std::string_view kBlanks = " \t\r";
  for (std::size_t at = 0; (at = line.find_first_not_of(kBlanks, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end;
  }
}

}  // namespace

std::vector<TextFile> list_text_files(const std::filesystem::path& folder) {
  std::vector<TextFile> files;
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(folder, error), end;
  while (!error && at != end) {
    if (at->path().extension() == ".txt" && at->path().filename() != "classes.txt" &&
        at->is_regular_file(error)) {
      files.push_back({at->path().lexically_relative(folder).generic_string(), at->path()});
    }
    at.increment(error);
  }
  if (error) throw Error(folder.string(), "cannot be listed: " + error.message());
  std::ranges::sort(files, {}, &TextFile::name);
  return files;
}

std::vector<LabelledImage> labelled_images(const std::filesystem::path& folder,
                                           const std::vector<std::string>& images) {
  std::vector<LabelledImage> labelled;
  const std::vector<TextFile> files = list_text_files(folder);
  if (images.empty()) {
    for (const TextFile& file : files) {
      labelled.push_back({file.name.substr(0, file.name.size() - 4), file.path});
    }
    return labelled;
  }
  for (const std::string& image : images) labelled.push_back({image, {}});
  const ImageNames names(images);
  for (const TextFile& file : files) {
    const std::size_t image = names.find(file.name);
    if (image == ImageNames::kNone) {
      throw Error(file.path.string(),
                  fmt::format("belongs to none of the {} images", images.size()));
    }
    if (!labelled[image].path.empty()) {
      throw Error(file.path.string(), fmt::format("image '{}' has labels in '{}' already",
                                                  images[image], labelled[image].path.string()));
    }
    labelled[image].path = file.path;
  }
  return labelled;
}

void for_lines(const std::filesystem::path& path,
               const std::function<void(const std::vector<std::string_view>& fields,
                                        const std::string& where)>& visit) {
  const std::vector<std::byte> bytes = read_bytes(path);
  if (bytes.size() > kLargestFile) {
    throw Error(path.string(),
                fmt::format("has {} bytes, expected labels of one image", bytes.size()));
  }
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<std::string_view> fields;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    split(text.substr(0, end), fields);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!fields.empty()) visit(fields, fmt::format("{}:{}", path.string(), number));
  }
}

double number_of(std::string_view field, const std::string& where) {
  double number = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(number)) {
    throw Error(where, fmt::format("got '{}', expected a finite number", field.substr(0, 40)));
  }
  return number;
}

bool has_kitti_columns(const std::filesystem::path& folder) {
  for (const TextFile& file : list_text_files(folder)) {
    std::size_t columns = 0;
    bool named = false;
    for_lines(file.path, [&](const std::vector<std::string_view>& fields, const std::string&) {
      if (columns > 0) return;
      columns = fields.size();
      named = fields[0].find_first_not_of("0123456789") != std::string_view::npos;
    });
    if (columns > 0) return named && (columns == 15 || columns == 16);
  }
  return false;
}

}  // namespace goldpan::exchange
