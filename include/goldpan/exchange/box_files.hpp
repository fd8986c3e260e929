#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/targets.hpp>

// Readers of boxes that people drew and of boxes that detectors found, as the field's tools write
// them. docs/detection.md has the formats.

namespace goldpan {

/// Images with the boxes that people drew, in the order of the file (of the names, for folders).
struct BoxTruth {
  std::vector<std::string> images;    ///< N file names as the format has them
  std::vector<std::int64_t> numbers;  ///< COCO: N ids of the images; else empty
  std::vector<int> widths, heights;   ///< N pixels, 0 where not known
  /// targets.categories has the names; targets.boxes the N sets.
  Targets targets;
  std::vector<std::int64_t> category_numbers;  ///< COCO: ids of the categories; else empty
  /// BDD100K: N values of "weather", "timeofday", "scene", "" where an image has none.
  std::map<std::string, std::vector<std::string>> attributes;
  /// What was left out or assumed, a sentence each.
  std::vector<std::string> notes;

  std::size_t size() const { return images.size(); }
  std::size_t boxes() const;
};

/// What a detector found, image by image.
struct BoxPredictions {
  std::vector<std::vector<Detection>> detections;  ///< parallel to the truth's images
  /// Parallel to detections: which of the file's predictions each is, from 0, those that were left
  /// out counted. Row of a .npy of box features that lies beside the file.
  std::vector<std::vector<Index>> rows;
  std::vector<std::string> notes;

  std::size_t boxes() const;
};

struct BoxFileOptions {
  /// Width and height of an image in pixels, for formats that state boxes as shares of it (YOLO).
  /// Given the image's name without its ending; may throw Error.
  std::function<std::pair<int, int>(const std::string& image)> image_size;
  /// YOLO and KITTI: the images there are, by name, with or without ending: those without a file of
  /// labels are empty. Empty: the images that have a file.
  std::vector<std::string> images;
  /// Names of the categories where the format has numbers alone (YOLO). Empty: `classes.txt` or the
  /// `names` of `data.yaml` beside the labels, else the numbers themselves.
  std::vector<std::string> categories;
  /// Predictions of categories that the truth does not have are left out and counted in a note;
  /// else refused. A detector trained on COCO's 80 categories knows more than a road's.
  bool drop_unknown_categories = false;
};

/// One row a format: the list behind open_box_truth, open_box_predictions, the help and the docs.
struct BoxFormat {
  std::string name;
  std::string summary;
  BoxTruth (*read_truth)(const std::filesystem::path& path, const BoxFileOptions& options);
  /// Detections for the images and categories of `truth`.
  BoxPredictions (*read_predictions)(const std::filesystem::path& path, const BoxTruth& truth,
                                     const BoxFileOptions& options);
};
/// coco, yolo, kitti, bdd100k.
const std::vector<BoxFormat>& box_formats();

/// Opens `format:path`, or a path alone: a folder is YOLO's (KITTI's where its lines have 15
/// columns), a JSON file COCO's where it begins with '{' (truth) or has `image_id` (predictions),
/// else BDD100K's. Throws Error naming the file and the record, line or byte: for what is not of
/// the format, numbers that are not finite, negative sizes, ids that stand there twice, boxes of
/// images or categories that are not declared.
BoxTruth open_box_truth(const std::string& spec, const BoxFileOptions& options = {});
BoxPredictions open_box_predictions(const std::string& spec, const BoxTruth& truth,
                                    const BoxFileOptions& options = {});

/// The images and categories that a COCO results file speaks of, ascending (numbers as numbers,
/// texts by their bytes), without boxes: what there is to go by where nothing else names them.
/// Images in which nothing was found are not among them.
BoxTruth images_of_results(const std::filesystem::path& path);

/// Puts the images in ascending order of their numbers: the order in which COCO's definition lets
/// equal scores follow each other. Without numbers nothing is changed.
void sort_by_number(BoxTruth& truth);

}  // namespace goldpan
