#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace goldpan {

/// The label of an item that nobody has named yet: never a class.
inline constexpr std::int32_t kUnknownLabel = -1;

/// A box in pixels of the original image, as COCO states it: its left upper corner and its size.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;
  std::int32_t category = 0;  ///< index into the categories' names
  /// Area for COCO's size ranges (that of the mask, where there was one); negative: width x height.
  double stated_area = -1;
  bool crowd = false;   ///< a region of many objects that are not told apart
  bool ignore = false;  ///< neither an object nor a mistake to find

  double right() const { return x + width; }
  double bottom() const { return y + height; }
  double area() const { return stated_area >= 0 ? stated_area : width * height; }
};

/// A box that a detector found.
struct Detection {
  Box box;
  double score = 0;  ///< in [0, 1] for detectors that are probabilistic; any finite number is taken
  /// Probabilities of the categories, where the detector gives them; else empty.
  std::vector<float> probabilities;
};

/// Labels [begin, end) of which exactly one holds: "weather".
struct LabelGroup {
  std::string name;
  std::size_t begin = 0, end = 0;
};

/// The mark of a label that nobody has said yes or no to.
inline constexpr std::int8_t kUnknownMark = -1;

/// What the items of a pool show, as far as it is known: class labels, box sets, several labels at
/// once. Parallel to Items; each list is empty where the data has nothing of its kind.
struct Targets {
  std::vector<std::string> class_names;  ///< C names; a class may have no items
  std::vector<std::int32_t> labels;      ///< N labels in [0, C), or kUnknownLabel
  std::vector<std::string> categories;   ///< names that Box::category points to
  std::vector<std::vector<Box>> boxes;   ///< N sets; an empty one is an image without objects
  std::vector<bool> boxes_known;         ///< N, or empty: all sets are known
  std::vector<std::string> label_names;  ///< L names of what an item may show at once
  std::vector<LabelGroup> label_groups;  ///< labels of which exactly one holds
  /// N rows of L marks: 1 it shows, 0 it does not, or kUnknownMark.
  std::vector<std::vector<std::int8_t>> marks;
};

}  // namespace goldpan
