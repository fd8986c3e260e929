#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <goldpan/data/dataset.hpp>

namespace goldpan {

/// An attribute of BDD100K's frames, with its classes in the order of the labels.
struct Bdd100kAttribute {
  std::string name;
  std::vector<std::string> classes;
};

/// weather, timeofday, scene. The order of the classes is stable: labels are places in it.
const std::vector<Bdd100kAttribute>& bdd100k_attributes();

/// What a label file says of one frame.
struct FrameLabels {
  std::string name;  ///< "b1c66a42-6f7d68ca.jpg"; per-image files omit ".jpg"
  std::array<std::string, 3>
      attributes;               ///< in bdd100k_attributes' order; "" where it says nothing
  std::vector<NamedBox> boxes;  ///< labels with a box2d; lanes and areas are passed over
  std::string where;            ///< file, record and byte, for messages
};

/// Reads a label file that is a list of frames (det_20/det_*.json, bdd100k_labels_images_*.json),
/// one frame at a time, in memory that does not grow with the file. Throws Error naming the file
/// and the byte.
void read_frame_list(const std::filesystem::path& path,
                     const std::function<void(FrameLabels&&)>& visit);

/// Reads the label file of a single image (labels/100k/train/NAME.json).
FrameLabels read_frame_file(const std::filesystem::path& path);

}  // namespace goldpan
