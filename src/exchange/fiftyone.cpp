#include <cmath>
#include <map>

#include <fmt/format.h>

#include "exchange/formats.hpp"
#include "exchange/json.hpp"

// FiftyOne's FiftyOneImageClassificationDataset and FiftyOneImageDetectionDataset
// (https://docs.voxel51.com/user_guide/dataset_creation/datasets.html): data/ with the images and
// labels.json, whose keys are the images' paths below data/ without their endings.

namespace goldpan::exchange {
namespace {

std::string class_name(const Json& value, const std::vector<std::string>& classes,
                       const std::string& where) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) {
    const auto number = value.get<std::int64_t>();
    if (number >= 0 && static_cast<std::size_t>(number) < classes.size()) {
      return classes[static_cast<std::size_t>(number)];
    }
    return fmt::format("class {}", number);  // the resolver names what it does not know
  }
  throw Error(where, "has a label that is neither a number nor a text");
}

void read_detection(const Json& detection, const std::vector<std::string>& classes,
                    const ReadOptions& options, Annotation& annotation) {
  const std::string& where = annotation.where;
  const Json& bounds = member(detection, "bounding_box");
  if (!bounds.is_array() || bounds.size() != 4) {
    throw Error(where, "has a detection without four numbers 'bounding_box'");
  }
  double values[4];
  for (std::size_t i = 0; i < 4; ++i) {
    values[i] = bounds[i].is_number() ? bounds[i].get<double>() : NAN;
    if (!std::isfinite(values[i])) throw Error(where, "has a bounding_box that is not finite");
  }
  const auto [width, height] = size_of(options, annotation.item, where);
  NamedRectangle rectangle;
  rectangle.label = class_name(member(detection, "label"), classes, where);
  rectangle.box = {values[0] * width, values[1] * height, values[2] * width, values[3] * height};
  if (member(detection, "confidence").is_number()) {
    rectangle.score = number(detection, "confidence", where);
  }
  annotation.boxes.push_back(std::move(rectangle));
}

}  // namespace

Files write_fiftyone(const ExportSet& set, const ExportOptions& /*options*/) {
  std::map<std::string, std::size_t> place;
  for (std::size_t c = 0; c < set.classes.size(); ++c) place[set.classes[c]] = c;
  OrderedJson labels = OrderedJson::object();
  for (const ExportItem& item : set.items) {
    const std::string key = without_ending(item.image);
    if (labels.contains(key)) {
      throw Error("item " + item.id,
                  "differs from another in its ending alone, which FiftyOne's labels.json cannot "
                  "tell apart");
    }
    if (set.kind == AnnotationKind::kLabels) {
      labels[key] = item.label.empty() ? OrderedJson(nullptr) : OrderedJson(place.at(item.label));
      continue;
    }
    OrderedJson detections = OrderedJson::array();
    for (const NamedRectangle& rectangle : item.boxes) {
      const Box& box = rectangle.box;
      OrderedJson detection = {{"label", place.at(rectangle.label)},
                               {"bounding_box",
                                {box.x / item.width, box.y / item.height, box.width / item.width,
                                 box.height / item.height}}};
      if (std::isfinite(rectangle.score)) detection["confidence"] = rectangle.score;
      detections.push_back(std::move(detection));
    }
    labels[key] = std::move(detections);
  }
  return {{"labels.json", dump({{"classes", set.classes}, {"labels", std::move(labels)}})}};
}

AnnotationFile read_fiftyone(const std::filesystem::path& path, const ReadOptions& options) {
  std::error_code ignored;
  const std::filesystem::path location =
      std::filesystem::is_directory(path, ignored) ? path / "labels.json" : path;
  const Json root = read_json(location);
  AnnotationFile file;
  const Json& classes = member(root, "classes");
  if (classes.is_array()) {
    for (const Json& name : classes) {
      if (!name.is_string()) throw Error(location.string(), "has a class that is no text");
      file.classes.push_back(name.get<std::string>());
    }
  }
  const Json& labels = member(root, "labels");
  if (!labels.is_object()) throw Error(location.string(), "has no object 'labels'");
  for (const auto& [key, value] : labels.items()) {
    Annotation annotation;
    annotation.where = fmt::format("{}, '{}'", location.string(), key);
    annotation.item = key;
    if (value.is_null()) {
      annotation.answered = false;
    } else if (value.is_array()) {
      for (const Json& entry : value) {
        if (entry.is_object()) {
          read_detection(entry, file.classes, options, annotation);
        } else {  // several classes of one image
          annotation.labels.push_back(class_name(entry, file.classes, annotation.where));
        }
      }
    } else if (value.is_object()) {  // a classification with confidence and attributes
      const Json& label = member(value, "label");
      if (label.is_null()) {
        annotation.answered = false;
      } else {
        annotation.labels.push_back(class_name(label, file.classes, annotation.where));
      }
    } else {
      annotation.labels.push_back(class_name(value, file.classes, annotation.where));
    }
    file.annotations.push_back(std::move(annotation));
  }
  return file;
}

}  // namespace goldpan::exchange
