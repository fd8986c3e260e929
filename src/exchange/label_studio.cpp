#include <cmath>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pugixml.hpp>

#include "exchange/formats.hpp"
#include "exchange/json.hpp"

// Label Studio's tasks (https://labelstud.io/guide/tasks), suggestions and exports. Rectangles are
// in per cent of the image; "rotation" turns them clockwise about their left upper corner.

namespace goldpan::exchange {
namespace {

constexpr const char* kIdField = "goldpan_id";

std::string labelling_config(const ExportSet& set) {
  pugi::xml_document document;
  pugi::xml_node view = document.append_child("View");
  pugi::xml_node image = view.append_child("Image");
  image.append_attribute("name") = "image";
  image.append_attribute("value") = "$image";
  const bool boxes = set.kind == AnnotationKind::kBoxes;
  pugi::xml_node control = view.append_child(boxes ? "RectangleLabels" : "Choices");
  control.append_attribute("name") = "label";
  control.append_attribute("toName") = "image";
  if (!boxes) control.append_attribute("choice") = "single";
  for (const std::string& name : set.classes) {
    control.append_child(boxes ? "Label" : "Choice").append_attribute("value") = name.c_str();
  }
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default | pugi::format_no_declaration);
  return out.str();
}

OrderedJson suggestion(const ExportSet& set, const ExportItem& item, const ExportOptions& options) {
  OrderedJson results = OrderedJson::array();
  double sum = 0;
  std::size_t scored = 0;
  if (set.kind == AnnotationKind::kLabels) {
    if (item.label.empty()) return nullptr;
    results.push_back({{"from_name", "label"},
                       {"to_name", "image"},
                       {"type", "choices"},
                       {"value", {{"choices", {item.label}}}}});
    if (std::isfinite(item.confidence)) {
      sum = item.confidence;
      scored = 1;
    }
  } else {
    if (item.boxes.empty()) return nullptr;
    const double width = item.width, height = item.height;
    for (const NamedRectangle& rectangle : item.boxes) {
      OrderedJson result = {{"from_name", "label"},
                            {"to_name", "image"},
                            {"type", "rectanglelabels"},
                            {"original_width", item.width},
                            {"original_height", item.height},
                            {"image_rotation", 0},
                            {"value",
                             {{"x", 100 * rectangle.box.x / width},
                              {"y", 100 * rectangle.box.y / height},
                              {"width", 100 * rectangle.box.width / width},
                              {"height", 100 * rectangle.box.height / height},
                              {"rotation", 0},
                              {"rectanglelabels", {rectangle.label}}}}};
      if (std::isfinite(rectangle.score)) {
        result["score"] = rectangle.score;
        sum += rectangle.score;
        ++scored;
      }
      results.push_back(std::move(result));
    }
  }
  OrderedJson prediction = {{"model_version", options.model}, {"result", std::move(results)}};
  if (scored > 0) prediction["score"] = sum / static_cast<double>(scored);
  return prediction;
}

/// One rectangle of either export; `result` carries the original size.
void read_rectangle(const Json& value, const Json& result, const std::vector<std::string>& names,
                    const ReadOptions& options, Annotation& annotation) {
  const std::string& where = annotation.where;
  double width, height;
  if (member(result, "original_width").is_number()) {
    width = number(result, "original_width", where);
    height = number(result, "original_height", where);
  } else {
    const auto size = size_of(options, annotation.item, where);
    width = size.first;
    height = size.second;
  }
  NamedRectangle rectangle;
  rectangle.box.x = number(value, "x", where) / 100 * width;
  rectangle.box.y = number(value, "y", where) / 100 * height;
  rectangle.box.width = number(value, "width", where) / 100 * width;
  rectangle.box.height = number(value, "height", where) / 100 * height;
  if (member(value, "rotation").is_number()) {
    const double degrees = number(value, "rotation", where);
    if (degrees != 0) {
      rectangle.box = hull_of_turned(rectangle.box, degrees, rectangle.box.x, rectangle.box.y);
      annotation.notes.push_back(
          fmt::format("a rectangle turned by {:g} degrees: its upright hull is taken", degrees));
    }
  }
  if (names.empty()) annotation.left_out.emplace_back("rectangle without a label");
  if (names.size() > 1) {
    annotation.notes.push_back(
        fmt::format("a rectangle with {} labels: one rectangle for each", names.size()));
  }
  for (const std::string& name : names) {
    rectangle.label = name;
    annotation.boxes.push_back(rectangle);
  }
}

std::vector<std::string> names_in(const Json& value) {
  std::vector<std::string> names;
  if (value.is_string()) names.push_back(value.get<std::string>());
  if (value.is_array()) {
    for (const Json& name : value) {
      if (name.is_string()) names.push_back(name.get<std::string>());
    }
  }
  return names;
}

void read_result(const Json& result, const ReadOptions& options, Annotation& annotation) {
  const std::string type = text(result, "type");
  const Json& value = member(result, "value");
  if (type == "choices") {
    for (const std::string& name : names_in(member(value, "choices"))) {
      annotation.labels.push_back(name);
    }
  } else if (type == "rectanglelabels") {
    read_rectangle(value, result, names_in(member(value, "rectanglelabels")), options, annotation);
  } else {
    annotation.left_out.push_back(type.empty() ? "a result without a type" : type);
  }
}

std::string annotator(const Json& annotation, const char* name) {
  const Json& who = member(annotation, name);
  if (who.is_object()) {
    const std::string email = text(who, "email");
    return email.empty() ? text(who, "id") : email;
  }
  return text(annotation, name);
}

std::string time_of(const Json& annotation) {
  const std::string updated = text(annotation, "updated_at");
  return updated.empty() ? text(annotation, "created_at") : updated;
}

/// The task's image: the field that the labelling configuration names is not in the export, so the
/// well-known ones come first, then any text.
std::string image_of(const Json& data) {
  for (const char* name : {"image", "img", "url", "image_url"}) {
    if (member(data, name).is_string()) return text(data, name);
  }
  if (data.is_object()) {
    for (const auto& [name, value] : data.items()) {
      if (name != kIdField && value.is_string() &&
          value.get_ref<const std::string&>().find('.') != std::string::npos) {
        return value.get<std::string>();
      }
    }
  }
  return {};
}

void read_task(const Json& task, const std::string& where, const ReadOptions& options,
               AnnotationFile& file) {
  const Json& data = member(task, "data");
  Annotation base;
  base.id = text(data, kIdField);
  base.item = image_of(data);
  if (base.item.empty()) base.item = text(task, "file_upload");
  std::size_t number_in_task = 0;
  const Json& annotations = member(task, "annotations");
  // Exports of versions before 1.0 call them completions.
  const Json& given = annotations.is_array() ? annotations : member(task, "completions");
  if (given.is_array()) {
    for (const Json& given_annotation : given) {
      Annotation annotation = base;
      annotation.where = fmt::format("{}, annotation {}", where, ++number_in_task);
      annotation.cancelled = member(given_annotation, "was_cancelled") == true ||
                             member(given_annotation, "skipped") == true;
      annotation.who = annotator(given_annotation, "completed_by");
      annotation.when = time_of(given_annotation);
      const Json& results = member(given_annotation, "result");
      if (results.is_array()) {
        for (const Json& result : results) read_result(result, options, annotation);
      }
      file.annotations.push_back(std::move(annotation));
    }
  }
  if (number_in_task == 0) {
    base.answered = false;
    base.where = where;
    file.annotations.push_back(std::move(base));
  }
}

/// A record of JSON_MIN: the task's data, with each control's values under the control's name.
void read_min_record(const Json& record, const std::string& where, const ReadOptions& options,
                     AnnotationFile& file) {
  static const std::set<std::string> kOwn = {
      "id", "annotation_id", "annotator", "created_at", "updated_at", "lead_time", kIdField};
  Annotation annotation;
  annotation.id = text(record, kIdField);
  annotation.item = image_of(record);
  annotation.where = where;
  annotation.who = annotator(record, "annotator");
  annotation.when = time_of(record);
  annotation.answered = record.contains("annotation_id");
  std::vector<std::string> other_fields;
  for (const auto& [name, value] : record.items()) {
    if (kOwn.contains(name)) continue;
    // Data that we put into the tasks ourselves is no answer.
    if (value.is_string() && (value.get_ref<const std::string&>() == annotation.item ||
                              name == "reason" || name == "image")) {
      continue;
    }
    if (value.is_object() && member(value, "choices").is_array()) {
      for (const std::string& label : names_in(member(value, "choices"))) {
        annotation.labels.push_back(label);
      }
    } else if (value.is_array() && !value.empty() && value[0].is_object()) {
      for (const Json& shape : value) {
        const Json& labels = member(shape, "rectanglelabels");
        if (labels.is_array()) {
          read_rectangle(shape, shape, names_in(labels), options, annotation);
        } else {
          annotation.left_out.push_back(name);
        }
      }
    } else if (value.is_string() && (name == "label" || name == "choice")) {
      annotation.labels.push_back(value.get<std::string>());
    } else if (value.is_string() || value.is_array() || value.is_object()) {
      other_fields.push_back(name);
    }
  }
  if (annotation.labels.empty() && annotation.boxes.empty() && !other_fields.empty()) {
    // JSON_MIN does not tell answers from data: a control of another name would look like this.
    annotation.notes.push_back(
        fmt::format("fields that are not read: {}", fmt::join(other_fields, ", ")));
  }
  file.annotations.push_back(std::move(annotation));
}

}  // namespace

Files write_label_studio(const ExportSet& set, const ExportOptions& options) {
  OrderedJson tasks = OrderedJson::array();
  for (const ExportItem& item : set.items) {
    OrderedJson data = {{"image", options.image_prefix + item.image}, {kIdField, item.id}};
    if (!item.reason.empty()) data["reason"] = item.reason;
    if (std::isfinite(item.score)) data["score"] = item.score;
    OrderedJson task = {{"data", std::move(data)}};
    OrderedJson prediction = suggestion(set, item, options);
    if (!prediction.is_null()) {
      task["predictions"] = OrderedJson::array();
      task["predictions"].push_back(std::move(prediction));
    }
    tasks.push_back(std::move(task));
  }
  return {{"tasks.json", dump(tasks)}, {"config.xml", labelling_config(set)}};
}

AnnotationFile read_label_studio(const std::filesystem::path& path, const ReadOptions& options) {
  const Json tasks = read_json(path);
  AnnotationFile file;
  std::size_t position = 0;
  for (const Json& task : list(tasks, path.string(), "Label Studio's tasks")) {
    const std::string where = fmt::format("{}, task {}", path.string(), position++);
    if (!task.is_object()) throw Error(where, "is not an object");
    if (member(task, "data").is_object()) {
      read_task(task, where, options, file);
    } else {
      read_min_record(task, where, options, file);
    }
  }
  return file;
}

}  // namespace goldpan::exchange
