#include <cmath>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "exchange/formats.hpp"
#include "exchange/json.hpp"

// COCO's object detection file (https://cocodataset.org/#format-data): annotations with a "bbox"
// are rectangles. Classes of whole images are annotations without one, as Datumaro writes them in
// its labels_*.json.

namespace goldpan::exchange {

Files write_coco(const ExportSet& set, const ExportOptions& options) {
  OrderedJson images = OrderedJson::array(), annotations = OrderedJson::array(),
              categories = OrderedJson::array();
  std::map<std::string, std::size_t> category;
  for (std::size_t c = 0; c < set.classes.size(); ++c) {
    category[set.classes[c]] = c + 1;
    categories.push_back({{"id", c + 1}, {"name", set.classes[c]}, {"supercategory", ""}});
  }
  for (std::size_t i = 0; i < set.items.size(); ++i) {
    const ExportItem& item = set.items[i];
    OrderedJson image = {{"id", i + 1},
                         {"file_name", options.image_prefix + item.image},
                         {"width", item.width},
                         {"height", item.height},
                         {"goldpan_id", item.id}};
    if (!item.reason.empty()) image["reason"] = item.reason;
    images.push_back(std::move(image));
    if (set.kind == AnnotationKind::kLabels) {
      if (item.label.empty()) continue;
      OrderedJson annotation = {{"id", annotations.size() + 1},
                                {"image_id", i + 1},
                                {"category_id", category.at(item.label)}};
      if (std::isfinite(item.confidence)) annotation["score"] = item.confidence;
      annotations.push_back(std::move(annotation));
      continue;
    }
    for (const NamedRectangle& rectangle : item.boxes) {
      const Box& box = rectangle.box;
      OrderedJson annotation = {{"id", annotations.size() + 1},
                                {"image_id", i + 1},
                                {"category_id", category.at(rectangle.label)},
                                {"bbox", {box.x, box.y, box.width, box.height}},
                                {"area", box.area()},
                                {"iscrowd", box.crowd ? 1 : 0}};
      if (std::isfinite(rectangle.score)) annotation["score"] = rectangle.score;
      annotations.push_back(std::move(annotation));
    }
  }
  const OrderedJson file = {{"info", {{"description", "goldpan"}}},
                            {"licenses", OrderedJson::array()},
                            {"images", std::move(images)},
                            {"annotations", std::move(annotations)},
                            {"categories", std::move(categories)}};
  const bool boxes = set.kind == AnnotationKind::kBoxes;
  return {{boxes ? "annotations/instances_default.json" : "annotations/labels_default.json",
           dump(file)}};
}

AnnotationFile read_coco(const std::filesystem::path& path, const ReadOptions& /*options*/) {
  const Json root = read_json(path);
  AnnotationFile file;
  std::map<std::string, std::string> names;
  for (const Json& category :
       list(member(root, "categories"), path.string(), "'categories' in a COCO file")) {
    const std::string id = text(category, "id"), name = text(category, "name");
    if (id.empty() || name.empty()) throw Error(path.string(), "has a category without id or name");
    if (!names.emplace(id, name).second) {
      throw Error(path.string(), fmt::format("has category {} twice", id));
    }
    file.classes.push_back(name);
  }
  std::unordered_map<std::string, std::size_t> place;
  for (const Json& image : list(member(root, "images"), path.string(), "'images' in a COCO file")) {
    Annotation annotation;
    annotation.where = fmt::format("{}, image {}", path.string(), file.annotations.size());
    annotation.id = text(image, "goldpan_id");
    annotation.item = text(image, "file_name");
    annotation.answered = false;
    const std::string id = text(image, "id");
    if (id.empty()) throw Error(annotation.where, "has no id");
    if (!place.emplace(id, file.annotations.size()).second) {
      throw Error(annotation.where, fmt::format("has id {} of another image", id));
    }
    file.annotations.push_back(std::move(annotation));
  }
  std::size_t number_of = 0;
  for (const Json& given :
       list(member(root, "annotations"), path.string(), "'annotations' in a COCO file")) {
    const std::string where = fmt::format("{}, annotation {}", path.string(), number_of++);
    const auto at = place.find(text(given, "image_id"));
    if (at == place.end()) {
      throw Error(where,
                  fmt::format("is of image {}, which is not there", text(given, "image_id")));
    }
    const auto name = names.find(text(given, "category_id"));
    if (name == names.end()) {
      throw Error(where,
                  fmt::format("is of category {}, which is not there", text(given, "category_id")));
    }
    Annotation& annotation = file.annotations[at->second];
    annotation.answered = true;
    const Json& bbox = member(given, "bbox");
    if (!bbox.is_array() || bbox.empty()) {
      const Json& shape = member(given, "segmentation");
      if (shape.is_null() || shape.empty()) {
        annotation.labels.push_back(name->second);
      } else {
        annotation.left_out.emplace_back("segmentation without a bbox");
      }
      continue;
    }
    if (bbox.size() != 4) throw Error(where, "has a bbox that is not four numbers");
    double values[4];
    for (std::size_t i = 0; i < 4; ++i) {
      values[i] = bbox[i].is_number() ? bbox[i].get<double>() : NAN;
      if (!std::isfinite(values[i])) throw Error(where, "has a bbox that is not four numbers");
    }
    NamedRectangle rectangle;
    rectangle.label = name->second;
    rectangle.box = {values[0], values[1], values[2], values[3]};
    rectangle.box.crowd = text(given, "iscrowd") == "1" || member(given, "iscrowd") == true;
    if (member(given, "area").is_number()) rectangle.box.stated_area = number(given, "area", where);
    if (member(given, "score").is_number()) rectangle.score = number(given, "score", where);
    annotation.boxes.push_back(std::move(rectangle));
  }
  return file;
}

}  // namespace goldpan::exchange
