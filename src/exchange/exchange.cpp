#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <unordered_set>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/exchange/exchange.hpp>

#include "exchange/formats.hpp"

namespace goldpan {
namespace {

using namespace exchange;

const ExchangeFormat kFormats[] = {
    {"label-studio", "Label Studio: tasks with suggestions; JSON and JSON-MIN exports", true, true,
     true, write_label_studio, read_label_studio},
    {"cvat", "CVAT for images 1.1 (XML): tags and boxes", true, true, true, write_cvat, read_cvat},
    {"coco", "COCO (JSON)", true, true, true, write_coco, read_coco},
    {"yolo", "YOLO: data.yaml and a text file an image; rectangles alone", true, false, true,
     write_yolo, read_yolo},
    {"fiftyone", "FiftyOne: image classification and detection folders (labels.json)", true, true,
     true, write_fiftyone, read_fiftyone},
    {"csv", "a table: id,label,confidence or id,label,x,y,width,height", false, true, true,
     write_csv, read_csv},
};

/// Ids become paths below the output folder or names in a tool: none may lead out of it.
bool is_tame_path(const std::string& id) {
  if (id.empty() || id.front() == '/' || id.find('\\') != std::string::npos ||
      id.find('\0') != std::string::npos || id.find('\n') != std::string::npos) {
    return false;
  }
  for (const auto& part : std::filesystem::path(id)) {
    if (part == "..") return false;
  }
  return true;
}

void check(const ExchangeFormat& format, const ExportSet& set) {
  const bool boxes = set.kind == AnnotationKind::kBoxes;
  if (boxes ? !format.boxes : !format.labels) {
    throw Error(std::string(format.name),
                boxes ? "holds no rectangles" : "holds rectangles alone, no classes of images");
  }
  const std::set<std::string> classes(set.classes.begin(), set.classes.end());
  if (classes.size() != set.classes.size()) throw Error("classes", "a class stands there twice");
  if (classes.contains("")) throw Error("classes", "a class has no name");
  std::unordered_set<std::string> ids;
  for (const ExportItem& item : set.items) {
    const std::string where = "item " + item.id;
    if (!ids.insert(item.id).second) throw Error(where, "is to be exported twice");
    if (!is_tame_path(item.id)) {
      throw Error(where, "cannot be exported: an id must be a relative path without '..'");
    }
    if (!item.label.empty() && !classes.contains(item.label)) {
      throw Error(where, fmt::format("suggests '{}', which is not among the classes", item.label));
    }
    if (boxes && format.needs_sizes && (item.width <= 0 || item.height <= 0)) {
      throw Error(where,
                  fmt::format("has no known size, which rectangles in {} need", format.name));
    }
    for (const NamedRectangle& rectangle : item.boxes) {
      if (!classes.contains(rectangle.label)) {
        throw Error(where,
                    fmt::format("suggests '{}', which is not among the classes", rectangle.label));
      }
      const Box& box = rectangle.box;
      if (!std::isfinite(box.x) || !std::isfinite(box.y) || !(box.width >= 0) ||
          !(box.height >= 0) || !std::isfinite(box.right()) || !std::isfinite(box.bottom())) {
        throw Error(where, "suggests a rectangle that is not finite");
      }
    }
  }
}

}  // namespace

namespace exchange {

Box hull_of_turned(const Box& box, double degrees, double x, double y) {
  const double angle = degrees * std::numbers::pi / 180.0;
  const double cosine = std::cos(angle), sine = std::sin(angle);
  double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
  for (const double corner_x : {box.x, box.right()}) {
    for (const double corner_y : {box.y, box.bottom()}) {
      const double dx = corner_x - x, dy = corner_y - y;
      const double turned_x = x + dx * cosine - dy * sine;
      const double turned_y = y + dx * sine + dy * cosine;
      left = std::min(left, turned_x);
      right = std::max(right, turned_x);
      top = std::min(top, turned_y);
      bottom = std::max(bottom, turned_y);
    }
  }
  Box hull = box;
  hull.x = left;
  hull.y = top;
  hull.width = right - left;
  hull.height = bottom - top;
  return hull;
}

std::pair<int, int> size_of(const ReadOptions& options, const std::string& item,
                            const std::string& where) {
  if (!options.image_size) {
    throw Error(where,
                "states rectangles as shares of the image; its size must be known: give the "
                "folder of images");
  }
  return options.image_size(item);
}

std::string without_ending(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::size_t dot = path.rfind('.');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  return dot == std::string::npos || dot <= name ? path : path.substr(0, dot);
}

}  // namespace exchange

std::span<const ExchangeFormat> exchange_formats() { return kFormats; }

const ExchangeFormat& find_exchange_format(std::string_view name) {
  std::string known;
  for (const ExchangeFormat& format : kFormats) {
    if (format.name == name) return format;
    known += (known.empty() ? "" : ", ") + std::string(format.name);
  }
  throw Error("format", fmt::format("got '{}', expected one of {}", name, known));
}

std::vector<ExchangeFile> write_exchange(const ExchangeFormat& format, const ExportSet& set,
                                         const ExportOptions& options) {
  check(format, set);
  return format.write(set, options);
}

void write_exchange_files(const std::filesystem::path& folder,
                          const std::vector<ExchangeFile>& files) {
  make_writable_folder(folder);
  for (const ExchangeFile& file : files) {
    const std::filesystem::path path = folder / file.path;
    std::error_code ignored;
    if (!std::filesystem::is_directory(path.parent_path(), ignored)) {
      make_writable_folder(path.parent_path());
    }
    write_file(path, file.content, files.size() > 20 ? Flush::kNo : Flush::kYes);
  }
}

}  // namespace goldpan
