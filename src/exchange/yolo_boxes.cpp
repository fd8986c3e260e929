#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

#include "exchange/box_readers.hpp"
#include "exchange/text_folder.hpp"

namespace goldpan::exchange {
namespace {

/// class, center x, center y, width, height, as shares of the image; predictions add a confidence.
constexpr std::size_t kColumns = 5;
constexpr std::int32_t kMostClasses = 1 << 20;

std::int32_t class_of(std::string_view field, const std::string& where) {
  std::int32_t number = -1;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (error != std::errc() || end != field.data() + field.size() || number < 0 ||
      number >= kMostClasses) {
    throw Error(where, fmt::format("got class '{}', expected 0 or more", field.substr(0, 40)));
  }
  return number;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\"'";
  const std::size_t begin = text.find_first_not_of(kAround);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kAround) + 1 - begin);
}

void for_text_lines(const std::string& text, const std::function<void(std::string_view)>& visit) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    visit(std::string_view(text).substr(at, end - at));
    at = end + 1;
  }
}

/// The `names` of a data.yaml, in the two ways in which they are written: `names: [a, b]`, and
/// `names:` with lines `0: a` or `- a` below it. Not a reader of YAML: what it does not understand
/// it leaves, and the numbers stay.
std::vector<std::string> names_of_yaml(const std::string& text) {
  std::map<std::int32_t, std::string> names;
  bool inside = false;
  std::int32_t next = 0;
  for_text_lines(text, [&](std::string_view line) {
    if (line.starts_with("names:")) {
      std::string_view rest = trimmed(line.substr(6));
      inside = rest.empty();
      if (!rest.starts_with('[') || !rest.ends_with(']')) return;
      rest = rest.substr(1, rest.size() - 2);
      while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        names[next++] = trimmed(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
      return;
    }
    if (!inside) return;
    const std::string_view entry = trimmed(line);
    if (entry.empty()) return;
    if (entry.starts_with('-')) {
      names[next++] = trimmed(entry.substr(1));
      return;
    }
    const std::size_t colon = entry.find(':');
    std::int32_t number = -1;
    if (line.starts_with(' ') && colon != std::string_view::npos &&
        std::from_chars(entry.data(), entry.data() + colon, number).ptr == entry.data() + colon &&
        number >= 0 && number < kMostClasses) {
      names[number] = trimmed(entry.substr(colon + 1));
    } else {
      inside = false;
    }
  });
  std::vector<std::string> list;
  for (const auto& [number, name] : names) {
    if (number != static_cast<std::int32_t>(list.size()) || name.empty()) return {};
    list.push_back(name);
  }
  return list;
}

/// Names beside the labels: classes.txt or data.yaml, in the folder or the two above it.
std::vector<std::string> find_names(const std::filesystem::path& folder) {
  std::filesystem::path place = std::filesystem::absolute(folder).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();
  for (int level = 0; level < 3; ++level, place = place.parent_path()) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(place / "classes.txt", ignored)) {
      std::vector<std::string> names;
      for_text_lines(read_text(place / "classes.txt"), [&](std::string_view line) {
        if (!trimmed(line).empty()) names.emplace_back(trimmed(line));
      });
      return names;
    }
    if (std::filesystem::is_regular_file(place / "data.yaml", ignored)) {
      return names_of_yaml(read_text(place / "data.yaml"));
    }
  }
  return {};
}

/// An image's size, asked for once and only if it has boxes.
class Size {
 public:
  Size(const BoxFileOptions& options, std::string image)
      : options_(options), image_(std::move(image)) {}
  std::pair<int, int> get(const std::string& where) {
    if (size_.first > 0) return size_;
    if (!options_.image_size) {
      throw Error(where,
                  "YOLO states boxes as shares of the image, whose size is not known: give "
                  "the folder of images, or one size");
    }
    size_ = options_.image_size(image_);
    if (size_.first <= 0 || size_.second <= 0) {
      throw Error(where, fmt::format("image '{}' has a size of {} x {}", image_, size_.first,
                                     size_.second));
    }
    return size_;
  }
  std::pair<int, int> known() const { return size_; }

 private:
  const BoxFileOptions& options_;
  std::string image_;
  std::pair<int, int> size_ = {0, 0};
};

/// Five columns are a box; seven or more, an odd number, the polygon of a segment, whose hull is
/// taken.
Box read_box(const std::vector<std::string_view>& fields, std::size_t columns, Size& size,
             const std::string& where) {
  const auto [width, height] = size.get(where);
  Box box;
  box.category = class_of(fields[0], where);
  if (columns == kColumns) {
    box.width = number_of(fields[3], where) * width;
    box.height = number_of(fields[4], where) * height;
    box.x = number_of(fields[1], where) * width - box.width / 2;
    box.y = number_of(fields[2], where) * height - box.height / 2;
  } else {
    double right = 0, bottom = 0;
    for (std::size_t i = 1; i < columns; i += 2) {
      const double x = number_of(fields[i], where) * width;
      const double y = number_of(fields[i + 1], where) * height;
      box.x = i == 1 ? x : std::min(box.x, x);
      box.y = i == 1 ? y : std::min(box.y, y);
      right = i == 1 ? x : std::max(right, x);
      bottom = i == 1 ? y : std::max(bottom, y);
    }
    box.width = right - box.x;
    box.height = bottom - box.y;
  }
  check_rectangle(box, where);
  return box;
}

}  // namespace

BoxTruth read_yolo_truth(const std::filesystem::path& path, const BoxFileOptions& options) {
  BoxTruth truth;
  truth.targets.categories = options.categories.empty() ? find_names(path) : options.categories;
  const bool named = !truth.targets.categories.empty();
  std::int32_t largest = -1;
  for (const LabelledImage& file : labelled_images(path, options.images)) {
    Size size(options, file.name);
    std::vector<Box> boxes;
    const auto add_line = [&](const std::vector<std::string_view>& fields,
                              const std::string& where) {
      const std::size_t columns = fields.size();
      if (columns != kColumns && (columns < 7 || columns % 2 == 0)) {
        throw Error(where, fmt::format("got {} columns, expected {} (a box)", columns, kColumns));
      }
      const Box box = read_box(fields, columns, size, where);
      if (named && static_cast<std::size_t>(box.category) >= truth.targets.categories.size()) {
        throw Error(where, fmt::format("got class {}, expected 0 to {}", box.category,
                                       truth.targets.categories.size() - 1));
      }
      largest = std::max(largest, box.category);
      boxes.push_back(box);
    };
    if (!file.path.empty()) for_lines(file.path, add_line);
    truth.images.push_back(file.name);
    truth.targets.boxes.push_back(std::move(boxes));
    truth.widths.push_back(size.known().first);
    truth.heights.push_back(size.known().second);
  }
  if (!named) {
    for (std::int32_t c = 0; c <= largest; ++c) {
      truth.targets.categories.push_back(fmt::format("{}", c));
    }
  }
  return truth;
}

BoxPredictions read_yolo_predictions(const std::filesystem::path& path, const BoxTruth& truth,
                                     const BoxFileOptions& options) {
  BoxPredictions predictions = no_predictions(truth);
  Index row = 0;
  const ImageNames names(truth.images);
  const CategoryNames categories(truth.targets.categories);
  // Numbers are the truth's own where the predictions bring no names.
  const std::vector<std::string> own =
      options.categories.empty() ? find_names(path) : options.categories;
  std::size_t dropped = 0;
  for (const TextFile& file : list_text_files(path)) {
    const std::size_t image = image_of_file(names, file.name, file.path, truth);
    BoxFileOptions with_sizes = options;
    if (truth.widths[image] > 0 && truth.heights[image] > 0) {
      with_sizes.image_size = [&](const std::string&) {
        return std::pair(truth.widths[image], truth.heights[image]);
      };
    }
    Size size(with_sizes, file.name.substr(0, file.name.size() - 4));
    for_lines(
        file.path, [&](const std::vector<std::string_view>& fields, const std::string& where) {
          if (fields.size() != kColumns + 1) {
            throw Error(where, fmt::format("got {} columns, expected {} (a box and its confidence)",
                                           fields.size(), kColumns + 1));
          }
          const Index own_row = row++;
          Detection detection{.box = read_box(fields, kColumns, size, where),
                              .score = number_of(fields[kColumns], where),
                              .probabilities = {}};
          const auto number = static_cast<std::size_t>(detection.box.category);
          const bool known = number < (own.empty() ? truth.targets.categories.size() : own.size());
          const std::int32_t category = !known        ? CategoryNames::kNone
                                        : own.empty() ? detection.box.category
                                                      : categories.find(own[number]);
          if (category == CategoryNames::kNone && !options.drop_unknown_categories) {
            throw Error(where, fmt::format("class {}{} is not among the {} categories", number,
                                           known ? " (" + own[number] + ")" : "",
                                           truth.targets.categories.size()));
          }
          if (category == CategoryNames::kNone) {
            ++dropped;
            return;
          }
          detection.box.category = category;
          predictions.detections[image].push_back(std::move(detection));
          predictions.rows[image].push_back(own_row);
        });
  }
  note_dropped(dropped, predictions.notes);
  return predictions;
}

}  // namespace goldpan::exchange
