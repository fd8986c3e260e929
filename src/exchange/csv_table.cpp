#include <charconv>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

#include "exchange/formats.hpp"

// A table, for spreadsheets and scripts: id,label and, for rectangles, x,y,width,height in pixels,
// a line each. Texts are written by csv_text.

namespace goldpan::exchange {
namespace {

std::string shown(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

double number_in(const CsvFile& table, std::size_t row, const char* column) {
  const std::string field = table.field(row, column);
  double value = NAN;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(value)) {
    throw Error(table.where(row),
                fmt::format("has '{}' as {}, expected a number", field.substr(0, 40), column));
  }
  return value;
}

bool is_true(const std::string& text) { return text == "1" || text == "true" || text == "True"; }

}  // namespace

Files write_csv(const ExportSet& set, const ExportOptions& options) {
  const bool boxes = set.kind == AnnotationKind::kBoxes;
  std::string table = boxes ? "id,image,label,x,y,width,height,confidence,reason,score\n"
                            : "id,image,label,confidence,reason,score\n";
  for (const ExportItem& item : set.items) {
    const std::string head =
        csv_text(item.id) + "," + csv_text(options.image_prefix + item.image) + ",";
    const std::string tail = "," + csv_text(item.reason) + "," + shown(item.score) + "\n";
    if (!boxes) {
      table += head + csv_text(item.label) + "," + shown(item.confidence) + tail;
      continue;
    }
    if (item.boxes.empty()) table += head + ",,,,," + tail;
    for (const NamedRectangle& rectangle : item.boxes) {
      const Box& box = rectangle.box;
      table += head + csv_text(rectangle.label) +
               fmt::format(",{},{},{},{},", box.x, box.y, box.width, box.height) +
               shown(rectangle.score) + tail;
    }
  }
  return {{boxes ? "boxes.csv" : "labels.csv", table}};
}

AnnotationFile read_csv(const std::filesystem::path& path, const ReadOptions& /*options*/) {
  const CsvFile table(read_text(path), path.string());
  const std::string name = table.has("id") ? "id" : table.has("image") ? "image" : "filename";
  table.require(name);
  table.require("label");
  const bool boxes = table.has("x");
  if (boxes) {
    for (const char* column : {"y", "width", "height"}) table.require(column);
  }
  AnnotationFile file;
  std::map<std::pair<std::string, std::string>, std::size_t> place;  // rectangles of one answer
  for (std::size_t row = 0; row < table.rows(); ++row) {
    Annotation annotation;
    annotation.where = table.where(row);
    annotation.item = table.text(row, name);
    if (annotation.item.empty()) throw Error(annotation.where, "names no item");
    annotation.who = table.text(row, "who");
    annotation.when = table.text(row, "when");
    annotation.cancelled = is_true(table.field(row, "cancelled"));
    const std::string label = table.text(row, "label");
    if (!boxes) {
      if (label.empty()) {
        annotation.answered = false;
      } else {
        annotation.labels.push_back(label);
      }
      file.annotations.push_back(std::move(annotation));
      continue;
    }
    const auto [at, is_new] =
        place.emplace(std::pair(annotation.item, annotation.who), file.annotations.size());
    if (is_new) {
      annotation.answered = false;
      file.annotations.push_back(std::move(annotation));
    }
    Annotation& answer = file.annotations[at->second];
    if (label.empty() && table.field(row, "x").empty()) {
      if (is_true(table.field(row, "answered"))) answer.answered = true;
      continue;
    }
    NamedRectangle rectangle;
    rectangle.label = label;
    rectangle.box = {number_in(table, row, "x"), number_in(table, row, "y"),
                     number_in(table, row, "width"), number_in(table, row, "height")};
    answer.answered = true;
    answer.boxes.push_back(std::move(rectangle));
  }
  return file;
}

}  // namespace goldpan::exchange
