#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/core/targets.hpp>

// To and from the tools in which people annotate images. Writing gives files as texts and reading
// takes any file as hostile; docs/exchange.md has the formats and the clicks.

namespace goldpan {

/// A rectangle with the name of what it shows, in pixels of the original image (Box::category is
/// not used here: tools speak of names).
struct NamedRectangle {
  std::string label;
  Box box;
  /// How sure the model is; NaN: a person drew it.
  double score = std::numeric_limits<double>::quiet_NaN();
};

/// What an exported item is to show to the person who labels it.
struct ExportItem {
  std::string id = {};  ///< the pool's own name of it: comes back from the tool unchanged
  /// Where its image lies below the folder of images; as a rule the id itself.
  std::string image = {};
  int width = 0, height = 0;  ///< pixels; 0 where the format does not need them
  std::string label = {};     ///< the model's suggestion; "" none
  double confidence = std::numeric_limits<double>::quiet_NaN();
  std::vector<NamedRectangle> boxes = {};  ///< the model's suggestions
  std::string reason = {};                 ///< why it was picked
  double score = std::numeric_limits<double>::quiet_NaN();
};

/// What is labelled: the whole image by one class, or rectangles.
enum class AnnotationKind { kLabels, kBoxes };

struct ExportSet {
  AnnotationKind kind = AnnotationKind::kLabels;
  std::vector<std::string> classes = {};
  std::vector<ExportItem> items = {};
};

struct ExportOptions {
  /// What stands before an image's path in the tool: "/data/local-files/?d=images/" for Label
  /// Studio's local storage, "https://host/images/".
  std::string image_prefix = {};
  std::string model = "goldpan";  ///< who made the suggestions
};

/// A text file, at a path below the output folder.
struct ExchangeFile {
  std::string path;
  std::string content;
};

/// What one annotator says of one item, as it stands in a tool's file.
struct Annotation {
  std::string id;    ///< our id, where the tool carried it along; "" where it did not
  std::string item;  ///< the item's name or address as the tool has it
  std::vector<std::string> labels;  ///< classes of the whole image: one; none; several
  std::vector<NamedRectangle> boxes;
  bool cancelled = false;  ///< skipped or taken back by the annotator
  bool answered = true;    ///< false: the item stands in the file, but nobody has annotated it
  std::string who, when;
  std::string where;  ///< place in the file, for messages: "task 7, annotation 2"
  /// What is neither a class nor a rectangle and cannot be kept: "polygon", "brush".
  std::vector<std::string> left_out;
  std::vector<std::string> notes;  ///< what was changed: "turned by 30 degrees: its hull is taken"
};

struct AnnotationFile {
  std::vector<std::string> classes;  ///< those that the file itself declares, in its order
  std::vector<Annotation> annotations;
  std::vector<std::string> notes;
};

struct ReadOptions {
  /// Width and height of an item's image, for files that state rectangles as shares of it (YOLO,
  /// FiftyOne). Given the name as the file has it; may throw Error.
  std::function<std::pair<int, int>(const std::string& item)> image_size = {};
};

/// One row a format: the list behind `goldpan export`, `goldpan import`, their help and the docs.
struct ExchangeFormat {
  std::string_view name;
  std::string_view summary;
  bool needs_sizes = false;  ///< writing rectangles needs the sizes of the images
  bool labels = true, boxes = true;
  std::vector<ExchangeFile> (*write)(const ExportSet& set, const ExportOptions& options);
  /// `path`: the file, or the folder, that the tool exported.
  AnnotationFile (*read)(const std::filesystem::path& path, const ReadOptions& options);
};
std::span<const ExchangeFormat> exchange_formats();
/// Throws Error listing the known names.
const ExchangeFormat& find_exchange_format(std::string_view name);

/// The format's `write`, after the set was checked: throws Error for an item twice, an unknown
/// suggestion, a rectangle that is not finite, an image whose size is needed and not known, an id
/// that cannot be a file name where files are named by ids, or a kind that the format does not
/// know.
std::vector<ExchangeFile> write_exchange(const ExchangeFormat& format, const ExportSet& set,
                                         const ExportOptions& options = {});

/// Writes the files below `folder`, making the folders on the way.
void write_exchange_files(const std::filesystem::path& folder,
                          const std::vector<ExchangeFile>& files);

}  // namespace goldpan
