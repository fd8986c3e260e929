#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <goldpan/exchange/exchange.hpp>
#include <goldpan/exchange/resolve.hpp>
#include <goldpan/label/label_session.hpp>

#include "bindings.hpp"

namespace nb = nanobind;

namespace {

/// label, x, y, width, height, score.
using Rectangle = std::tuple<std::string, double, double, double, double, double>;
/// id, width, height, label, confidence, boxes, reason, score.
using Item = std::tuple<std::string, int, int, std::string, double, std::vector<Rectangle>,
                        std::string, double>;
using Files = std::vector<std::pair<std::string, std::string>>;

goldpan::AnnotationKind kind_of(bool boxes) {
  return boxes ? goldpan::AnnotationKind::kBoxes : goldpan::AnnotationKind::kLabels;
}

Files as_pairs(std::vector<goldpan::ExchangeFile> files) {
  Files pairs;
  for (auto& file : files) pairs.emplace_back(std::move(file.path), std::move(file.content));
  return pairs;
}

Files write_items(const std::string& format, bool boxes, std::vector<std::string> classes,
                  const std::vector<Item>& items, std::string image_prefix) {
  const nb::gil_scoped_release release;
  goldpan::ExportSet set{kind_of(boxes), std::move(classes), {}};
  for (const auto& [id, width, height, label, confidence, rectangles, reason, score] : items) {
    goldpan::ExportItem item;
    item.id = item.image = id;
    item.width = width;
    item.height = height;
    item.label = label;
    item.confidence = confidence;
    item.reason = reason;
    item.score = score;
    for (const auto& [name, x, y, w, h, sure] : rectangles) {
      goldpan::NamedRectangle rectangle;
      rectangle.label = name;
      rectangle.box.x = x;
      rectangle.box.y = y;
      rectangle.box.width = w;
      rectangle.box.height = h;
      rectangle.score = sure;
      item.boxes.push_back(std::move(rectangle));
    }
    set.items.push_back(std::move(item));
  }
  return as_pairs(goldpan::write_exchange(goldpan::find_exchange_format(format), set,
                                          {.image_prefix = std::move(image_prefix)}));
}

nb::dict read_annotations(const std::string& format, const std::string& path, bool boxes,
                          std::optional<std::vector<std::string>> ids,
                          std::vector<std::string> classes,
                          std::map<std::string, std::string> rename, bool empty_is_answer,
                          const nb::object& image_size) {
  std::function<std::pair<int, int>(const std::string&)> sizes;
  if (!image_size.is_none()) {
    sizes = [&](const std::string& name) {
      const nb::gil_scoped_acquire acquire;
      return nb::cast<std::pair<int, int>>(image_size(name));
    };
  }
  goldpan::AnnotationFile file;
  goldpan::Resolved resolved;
  Files files;
  std::vector<std::string> pool;
  {
    const nb::gil_scoped_release release;
    file = goldpan::find_exchange_format(format).read(path, {sizes});
    pool = ids ? std::move(*ids) : goldpan::item_names(file);
    resolved = goldpan::resolve_annotations(
        file, pool, {kind_of(boxes), std::move(classes), std::move(rename), empty_is_answer});
    files = as_pairs(goldpan::import_files(file, pool, resolved, kind_of(boxes), sizes));
  }
  nb::list labels, box_sets, annotations;
  for (const auto& label : resolved.labels) {
    labels.append(nb::make_tuple(label.item, label.label, label.annotation));
  }
  for (const auto& set : resolved.box_sets) {
    nb::list rectangles;
    for (const auto& box : set.boxes) {
      rectangles.append(nb::make_tuple(box.category, box.x, box.y, box.width, box.height));
    }
    box_sets.append(nb::make_tuple(set.item, rectangles, set.annotation));
  }
  for (std::size_t i = 0; i < file.annotations.size(); ++i) {
    const auto& annotation = file.annotations[i];
    const bool known = resolved.items[i] != goldpan::ItemNames::kNone;
    annotations.append(nb::make_tuple(
        annotation.item, known ? nb::cast(resolved.items[i]) : nb::none(), annotation.who,
        annotation.when, goldpan::outcome_name(resolved.outcomes[i]), resolved.explanations[i]));
  }
  nb::dict result;
  result["ids"] = pool;
  result["classes"] = resolved.classes;
  result["labels"] = labels;
  result["boxes"] = box_sets;
  result["annotations"] = annotations;
  result["summary"] = goldpan::import_summary(file, resolved, kind_of(boxes), pool.size());
  result["files"] = files;
  return result;
}

nb::list formats() {
  nb::list rows;
  for (const auto& format : goldpan::exchange_formats()) {
    rows.append(nb::make_tuple(std::string(format.name), std::string(format.summary), format.labels,
                               format.boxes));
  }
  return rows;
}

}  // namespace

void add_exchange(nb::module_& module) {
  module.def("exchange_formats", &formats);
  module.def("exchange_write", &write_items, nb::arg("format"), nb::arg("boxes"),
             nb::arg("classes"), nb::arg("items"), nb::arg("image_prefix"));
  module.def("exchange_read", &read_annotations, nb::arg("format"), nb::arg("path"),
             nb::arg("boxes"), nb::arg("ids").none(), nb::arg("classes"), nb::arg("rename"),
             nb::arg("empty_is_answer"), nb::arg("image_size").none());
  module.def("session_labels", [](const std::string& folder) {
    const nb::gil_scoped_release release;
    return goldpan::read_session_labels(folder);
  });
}
