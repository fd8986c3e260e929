#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/exchange/resolve.hpp>

#include "exchange/formats.hpp"
#include "exchange/json.hpp"

namespace goldpan {
namespace {

using exchange::OrderedJson;

std::string labels_csv(const AnnotationFile& file, std::span<const std::string> ids,
                       const Resolved& resolved) {
  std::string table = "id,label,who,when\n";
  for (const Resolved::Label& label : resolved.labels) {
    const Annotation& annotation = file.annotations[label.annotation];
    table += csv_text(ids[label.item]) + "," +
             csv_text(resolved.classes[static_cast<std::size_t>(label.label)]) + "," +
             csv_text(annotation.who) + "," + csv_text(annotation.when) + "\n";
  }
  return table;
}

std::string boxes_json(
    std::span<const std::string> ids, const Resolved& resolved,
    const std::function<std::pair<int, int>(const std::string& item)>& image_size) {
  OrderedJson images = OrderedJson::array(), annotations = OrderedJson::array(),
              categories = OrderedJson::array();
  for (std::size_t c = 0; c < resolved.classes.size(); ++c) {
    categories.push_back({{"id", c + 1}, {"name", resolved.classes[c]}});
  }
  for (const Resolved::BoxSet& set : resolved.box_sets) {
    OrderedJson image = {{"id", set.item + 1}, {"file_name", ids[set.item]}};
    if (image_size) {
      const auto [width, height] = image_size(ids[set.item]);
      image["width"] = width;
      image["height"] = height;
    }
    images.push_back(std::move(image));
    for (const Box& box : set.boxes) {
      annotations.push_back({{"id", annotations.size() + 1},
                             {"image_id", set.item + 1},
                             {"category_id", box.category + 1},
                             {"bbox", {box.x, box.y, box.width, box.height}},
                             {"area", box.area()},
                             {"iscrowd", box.crowd ? 1 : 0}});
    }
  }
  return exchange::dump({{"images", std::move(images)},
                         {"annotations", std::move(annotations)},
                         {"categories", std::move(categories)}});
}

std::string annotations_csv(const AnnotationFile& file, std::span<const std::string> ids,
                            const Resolved& resolved) {
  std::string table = "outcome,id,item,labels,boxes,who,when,why,where\n";
  for (std::size_t i = 0; i < file.annotations.size(); ++i) {
    const Annotation& annotation = file.annotations[i];
    std::string labels;
    for (const std::string& label : annotation.labels)
      labels += (labels.empty() ? "" : "|") + label;
    const std::size_t item = resolved.items[i];
    table += std::string(outcome_name(resolved.outcomes[i])) + "," +
             csv_text(item == ItemNames::kNone ? "" : ids[item]) + "," +
             csv_text(annotation.item.empty() ? annotation.id : annotation.item) + "," +
             csv_text(labels) + "," + fmt::format("{}", annotation.boxes.size()) + "," +
             csv_text(annotation.who) + "," + csv_text(annotation.when) + "," +
             csv_text(resolved.explanations[i]) + "," + csv_text(annotation.where) + "\n";
  }
  return table;
}

std::map<std::string, std::size_t> class_counts(const Resolved& resolved) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& name : resolved.classes) counts[name] = 0;
  for (const auto& label : resolved.labels) {
    ++counts[resolved.classes[static_cast<std::size_t>(label.label)]];
  }
  for (const auto& set : resolved.box_sets) {
    for (const Box& box : set.boxes) {
      ++counts[resolved.classes[static_cast<std::size_t>(box.category)]];
    }
  }
  return counts;
}

std::string summary_json(const AnnotationFile& file, const Resolved& resolved, AnnotationKind kind,
                         std::size_t pool) {
  OrderedJson summary = {{"kind", kind == AnnotationKind::kLabels ? "labels" : "boxes"},
                         {"pool", pool},
                         {"annotations", file.annotations.size()}};
  for (std::size_t o = 0; o < kOutcomes; ++o) {
    const auto outcome = static_cast<Outcome>(o);
    summary["outcomes"][outcome_name(outcome)] = resolved.count(outcome);
  }
  summary["items_labelled"] =
      kind == AnnotationKind::kLabels ? resolved.labels.size() : resolved.box_sets.size();
  summary["boxes_left_out"] = resolved.boxes_left_out;
  summary["parts_left_out"] = resolved.parts_left_out;
  for (const auto& [name, count] : class_counts(resolved)) summary["classes"][name] = count;
  summary["notes"] = file.notes;
  return exchange::dump(summary);
}

}  // namespace

std::vector<ExchangeFile> import_files(
    const AnnotationFile& file, std::span<const std::string> ids, const Resolved& resolved,
    AnnotationKind kind,
    const std::function<std::pair<int, int>(const std::string& item)>& image_size) {
  std::vector<ExchangeFile> files;
  std::string rows, classes;
  if (kind == AnnotationKind::kLabels) {
    files.push_back({"labels.csv", labels_csv(file, ids, resolved)});
    for (const auto& label : resolved.labels) rows += fmt::format("{}\n", label.item);
  } else {
    files.push_back({"boxes.json", boxes_json(ids, resolved, image_size)});
    for (const auto& set : resolved.box_sets) rows += fmt::format("{}\n", set.item);
  }
  for (const std::string& name : resolved.classes) classes += name + "\n";
  files.push_back({"labeled.txt", rows});
  files.push_back({"classes.txt", classes});
  files.push_back({"annotations.csv", annotations_csv(file, ids, resolved)});
  files.push_back({"summary.json", summary_json(file, resolved, kind, ids.size())});
  return files;
}

std::string import_summary(const AnnotationFile& file, const Resolved& resolved,
                           AnnotationKind kind, std::size_t pool) {
  const bool labels = kind == AnnotationKind::kLabels;
  std::size_t boxes = 0;
  for (const auto& set : resolved.box_sets) boxes += set.boxes.size();
  std::string text = fmt::format(
      "{} annotations read, {} of {} items {}{}\n", file.annotations.size(),
      labels ? resolved.labels.size() : resolved.box_sets.size(), pool,
      labels ? "labelled" : "annotated", labels ? "" : fmt::format(" with {} boxes", boxes));
  for (std::size_t o = 0; o < kOutcomes; ++o) {
    const auto outcome = static_cast<Outcome>(o);
    if (const std::size_t count = resolved.count(outcome); count > 0) {
      text += fmt::format("  {:<15} {}\n", outcome_name(outcome), count);
    }
  }
  if (resolved.boxes_left_out > 0) {
    text += fmt::format("  boxes left out for an unknown label: {}\n", resolved.boxes_left_out);
  }
  if (resolved.parts_left_out > 0) {
    text += fmt::format("  shapes that are no rectangles left out: {}\n", resolved.parts_left_out);
  }
  for (const std::string& note : file.notes) text += "  " + note + "\n";
  return text;
}

}  // namespace goldpan
