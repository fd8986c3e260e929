#include <cmath>
#include <sstream>

#include <fmt/format.h>
#include <pugixml.hpp>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

#include "exchange/formats.hpp"

// "CVAT for images 1.1": https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/.
// Rectangles are corners in pixels; "rotation" turns them clockwise about their centre.

namespace goldpan::exchange {
namespace {

double coordinate(const pugi::xml_node& shape, const char* name, const std::string& where) {
  const pugi::xml_attribute attribute = shape.attribute(name);
  const double value = attribute.as_double(NAN);
  if (!attribute || !std::isfinite(value)) {
    throw Error(where, fmt::format("has a box without a number '{}'", name));
  }
  return value;
}

void read_box(const pugi::xml_node& shape, Annotation& annotation) {
  NamedRectangle rectangle;
  rectangle.label = shape.attribute("label").as_string();
  const double left = coordinate(shape, "xtl", annotation.where);
  const double top = coordinate(shape, "ytl", annotation.where);
  rectangle.box.x = left;
  rectangle.box.y = top;
  rectangle.box.width = coordinate(shape, "xbr", annotation.where) - left;
  rectangle.box.height = coordinate(shape, "ybr", annotation.where) - top;
  if (const double degrees = shape.attribute("rotation").as_double(0);
      degrees != 0 && std::isfinite(degrees)) {
    rectangle.box =
        hull_of_turned(rectangle.box, degrees, rectangle.box.x + rectangle.box.width / 2,
                       rectangle.box.y + rectangle.box.height / 2);
    annotation.notes.push_back(
        fmt::format("a rectangle turned by {:g} degrees: its upright hull is taken", degrees));
  }
  annotation.boxes.push_back(std::move(rectangle));
}

}  // namespace

Files write_cvat(const ExportSet& set, const ExportOptions& /*options*/) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "utf-8";
  pugi::xml_node root = document.append_child("annotations");
  root.append_child("version").text() = "1.1";
  pugi::xml_node task = root.append_child("meta").append_child("task");
  task.append_child("name").text() = "goldpan";
  task.append_child("size").text() = set.items.size();
  pugi::xml_node labels = task.append_child("labels");
  for (const std::string& name : set.classes) {
    pugi::xml_node label = labels.append_child("label");
    label.append_child("name").text() = name.c_str();
    label.append_child("type").text() = set.kind == AnnotationKind::kLabels ? "tag" : "rectangle";
    label.append_child("attributes");
  }
  std::size_t number = 0;
  for (const ExportItem& item : set.items) {
    pugi::xml_node image = root.append_child("image");
    image.append_attribute("id") = number++;
    image.append_attribute("name") = item.image.c_str();
    image.append_attribute("width") = item.width;
    image.append_attribute("height") = item.height;
    if (set.kind == AnnotationKind::kLabels) {
      if (item.label.empty()) continue;
      pugi::xml_node tag = image.append_child("tag");
      tag.append_attribute("label") = item.label.c_str();
      tag.append_attribute("source") = "auto";
      continue;
    }
    for (const NamedRectangle& rectangle : item.boxes) {
      pugi::xml_node box = image.append_child("box");
      box.append_attribute("label") = rectangle.label.c_str();
      box.append_attribute("source") = "auto";
      box.append_attribute("occluded") = "0";
      box.append_attribute("xtl") = fmt::format("{:.2f}", rectangle.box.x).c_str();
      box.append_attribute("ytl") = fmt::format("{:.2f}", rectangle.box.y).c_str();
      box.append_attribute("xbr") = fmt::format("{:.2f}", rectangle.box.right()).c_str();
      box.append_attribute("ybr") = fmt::format("{:.2f}", rectangle.box.bottom()).c_str();
      box.append_attribute("z_order") = "0";
    }
  }
  std::ostringstream out;
  document.save(out, "  ");
  return {{"annotations.xml", out.str()}};
}

AnnotationFile read_cvat(const std::filesystem::path& path, const ReadOptions& /*options*/) {
  const MappedFile mapped(path);
  pugi::xml_document document;
  // Neither entities of a document type nor anything outside the file is ever expanded by pugixml.
  const pugi::xml_parse_result parsed =
      document.load_buffer(mapped.bytes().data(), mapped.bytes().size());
  if (!parsed) {
    throw Error(path.string(),
                fmt::format("is not XML: {} at byte {}", parsed.description(), parsed.offset));
  }
  const pugi::xml_node root = document.child("annotations");
  if (!root) throw Error(path.string(), "has no <annotations>, expected 'CVAT for images 1.1'");
  if (root.child("track")) {
    throw Error(path.string(),
                "holds tracks of a video, expected 'CVAT for images 1.1': export in that format");
  }
  AnnotationFile file;
  for (const auto& meta : root.child("meta").children()) {  // <task>, <job> or <project>
    for (const auto& label : meta.child("labels").children("label")) {
      file.classes.emplace_back(label.child("name").text().as_string());
    }
  }
  std::size_t number = 0;
  for (const auto& image : root.children("image")) {
    Annotation annotation;
    annotation.where = fmt::format("{}, image {}", path.string(), number++);
    annotation.item = image.attribute("name").as_string();
    if (annotation.item.empty()) throw Error(annotation.where, "has no name");
    for (const auto& shape : image.children()) {
      const std::string kind = shape.name();
      if (kind == "tag") {
        annotation.labels.emplace_back(shape.attribute("label").as_string());
      } else if (kind == "box") {
        read_box(shape, annotation);
      } else if (shape.type() == pugi::node_element) {
        annotation.left_out.push_back(kind);
      }
    }
    // CVAT does not say whether somebody has looked at an image.
    annotation.answered =
        !annotation.labels.empty() || !annotation.boxes.empty() || !annotation.left_out.empty();
    file.annotations.push_back(std::move(annotation));
  }
  return file;
}

}  // namespace goldpan::exchange
