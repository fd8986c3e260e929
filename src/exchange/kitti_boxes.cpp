#include <functional>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

#include "exchange/box_readers.hpp"
#include "exchange/text_folder.hpp"

namespace goldpan::exchange {
namespace {

/// type truncated occluded alpha left top right bottom and seven 3-d columns; results add a score.
constexpr std::size_t kColumns = 15;

Box read_box(const std::vector<std::string_view>& fields, const std::string& where) {
  Box box;
  box.x = number_of(fields[4], where);
  box.y = number_of(fields[5], where);
  box.width = number_of(fields[6], where) - box.x;
  box.height = number_of(fields[7], where) - box.y;
  check_rectangle(box, where);
  return box;
}

void check_columns(std::size_t got, std::size_t expected, const std::string& where) {
  if (got < expected) {
    throw Error(where, fmt::format("got {} columns, expected KITTI's {}", got, expected));
  }
}

}  // namespace

BoxTruth read_kitti_truth(const std::filesystem::path& path, const BoxFileOptions& options) {
  BoxTruth truth;
  CategoryNames categories(options.categories);
  for (const LabelledImage& file : labelled_images(path, options.images)) {
    std::vector<Box> boxes;
    std::vector<Box> regions;  // DontCare: no category of its own
    const auto add_line = [&](const std::vector<std::string_view>& fields,
                              const std::string& where) {
      check_columns(fields.size(), kColumns, where);
      Box box = read_box(fields, where);
      if (fields[0] == "DontCare") {
        regions.push_back(box);
      } else {
        box.category = categories.add(fields[0]);
        boxes.push_back(box);
      }
    };
    if (!file.path.empty()) for_lines(file.path, add_line);
    truth.images.push_back(file.name);
    truth.targets.boxes.push_back(std::move(boxes));
    // Kept for later: which categories there are is known at the end only.
    truth.targets.boxes.back().reserve(truth.targets.boxes.back().size() + regions.size());
    for (Box region : regions) {
      region.crowd = true;
      region.category = -1;
      truth.targets.boxes.back().push_back(region);
    }
  }
  truth.targets.categories = categories.names();
  // A DontCare region excuses detections of every category, as a crowd does.
  std::size_t regions = 0;
  for (auto& boxes : truth.targets.boxes) {
    std::vector<Box> placed;
    for (Box& box : boxes) {
      if (box.category >= 0) {
        placed.push_back(box);
        continue;
      }
      ++regions;
      for (std::size_t c = 0; c < truth.targets.categories.size(); ++c) {
        box.category = static_cast<std::int32_t>(c);
        placed.push_back(box);
      }
    }
    boxes = std::move(placed);
  }
  if (regions > 0) {
    truth.notes.push_back(fmt::format("{} DontCare regions are crowds of every category", regions));
  }
  truth.widths.assign(truth.size(), 0);
  truth.heights.assign(truth.size(), 0);
  return truth;
}

BoxPredictions read_kitti_predictions(const std::filesystem::path& path, const BoxTruth& truth,
                                      const BoxFileOptions& options) {
  BoxPredictions predictions = no_predictions(truth);
  Index row = 0;
  const ImageNames names(truth.images);
  const CategoryNames categories(truth.targets.categories);
  std::size_t dropped = 0;
  for (const TextFile& file : list_text_files(path)) {
    const std::size_t image = image_of_file(names, file.name, file.path, truth);
    for_lines(file.path,
              [&](const std::vector<std::string_view>& fields, const std::string& where) {
                check_columns(fields.size(), kColumns + 1, where);
                const Index own_row = row++;
                Detection detection{.box = read_box(fields, where),
                                    .score = number_of(fields[kColumns], where),
                                    .probabilities = {}};
                detection.box.category = categories.find(fields[0]);
                if (detection.box.category != CategoryNames::kNone) {
                  predictions.detections[image].push_back(std::move(detection));
                  predictions.rows[image].push_back(own_row);
                } else if (options.drop_unknown_categories) {
                  ++dropped;
                } else {
                  throw Error(where, fmt::format("category '{}' is not among the {} categories",
                                                 fields[0], truth.targets.categories.size()));
                }
              });
  }
  note_dropped(dropped, predictions.notes);
  return predictions;
}

}  // namespace goldpan::exchange
