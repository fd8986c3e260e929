#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

// What `export`, `import` and `label` read alike.

/// A comma-separated list, or the lines of a file where one of this name exists.
std::vector<std::string> read_classes(const std::string& list_or_file);

/// Sizes of images below a folder, by their names with or without their endings. Null for an empty
/// folder name. Throws goldpan::Error for a name that leads nowhere or out of the folder.
std::function<std::pair<int, int>(const std::string&)> image_sizes(const std::string& folder);
