#include "data/folder_listing.hpp"

#include <algorithm>
#include <system_error>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

bool has_image_ending(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) return false;
  std::string ending = name.substr(dot + 1);
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return ending == "jpg" || ending == "jpeg" || ending == "png" || ending == "webp";
}

}  // namespace

FolderListing list_folder(const std::filesystem::path& path) {
  FolderListing listing;
  std::error_code error;
  std::filesystem::directory_iterator at(path, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code dangling;  // a link to nowhere counts as a file that is not ours
    if (at->is_directory(dangling)) {
      listing.folders.push_back(std::move(name));
    } else if (has_image_ending(name) && at->is_regular_file(dangling)) {
      listing.images.push_back(std::move(name));
    } else {
      listing.others.push_back(std::move(name));
    }
  }
  if (error) throw Error(path.string(), "cannot list the folder: " + error.message());
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.images.begin(), listing.images.end());
  std::sort(listing.others.begin(), listing.others.end());
  return listing;
}

bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

bool is_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

void require_folder(const std::filesystem::path& location, const std::string& format) {
  if (location.empty()) throw Error(format, "names no folder, expected " + format + ":DIR");
  std::error_code error;
  if (!std::filesystem::exists(location, error)) {
    throw Error(location.string(), "no such folder");
  }
  if (!is_folder(location)) throw Error(location.string(), "is not a folder");
}

}  // namespace goldpan
