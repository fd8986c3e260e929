#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace goldpan {

/// What a folder holds, sorted by name; names that begin with a dot are passed over.
struct FolderListing {
  std::vector<std::string> folders;
  std::vector<std::string> images;  ///< files that end in .jpg, .jpeg, .png or .webp, in any case
  std::vector<std::string> others;  ///< all other files
};

/// Throws Error if it is no folder or cannot be read.
FolderListing list_folder(const std::filesystem::path& path);

/// True for a folder that exists (false also where it may not be looked at).
bool is_folder(const std::filesystem::path& path);
/// True for a regular file that exists.
bool is_file(const std::filesystem::path& path);

/// Throws Error unless `location` is a folder; `format` is named where nothing was given.
void require_folder(const std::filesystem::path& location, const std::string& format);

}  // namespace goldpan
