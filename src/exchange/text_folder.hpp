#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace goldpan::exchange {

/// A `.txt` file an image: YOLO's labels and KITTI's.
struct TextFile {
  std::string name;  ///< path below the folder, with '/'
  std::filesystem::path path;
};

/// An image and its file of labels, which may be missing (empty path).
struct LabelledImage {
  std::string name;
  std::filesystem::path path;
};

/// The images of a folder of labels: those of the files, or the `images` given, each with the file
/// of its name or stem. Throws Error for a file that belongs to none of them.
std::vector<LabelledImage> labelled_images(const std::filesystem::path& folder,
                                           const std::vector<std::string>& images);

/// The `.txt` files below a folder, by name. `classes.txt` is not among them. Throws Error if it is
/// no folder or cannot be read.
std::vector<TextFile> list_text_files(const std::filesystem::path& folder);

/// Calls visit(fields, where) for each line that is not blank: its fields between blanks, and
/// "file:line". Throws Error for a file above 64 MiB.
void for_lines(const std::filesystem::path& path,
               const std::function<void(const std::vector<std::string_view>& fields,
                                        const std::string& where)>& visit);

/// A whole field as a finite number. Throws Error naming `where`.
double number_of(std::string_view field, const std::string& where);

/// Whether the first line there is in the folder has KITTI's 15 or 16 columns, the first a name.
bool has_kitti_columns(const std::filesystem::path& folder);

}  // namespace goldpan::exchange
