#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/exchange/exchange.hpp>
#include <goldpan/exchange/resolve.hpp>

#include "commands.hpp"
#include "exchange_inputs.hpp"

namespace {

using goldpan::AnnotationKind;
using goldpan::Error;

struct Options {
  std::string picks, to, out = "export";
  std::string kind = "labels";
  std::string classes, probabilities, suggestions, suggestions_format = "coco";
  std::string images, image_prefix, image_files = "none";
  std::size_t limit = 0;
};

double number_or_nan(const std::string& text) {
  double value = std::numeric_limits<double>::quiet_NaN();
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::size_t row_number(const goldpan::CsvFile& picks, std::size_t row) {
  const std::string text = picks.field(row, "index");
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(picks.where(row), fmt::format("has index '{}', expected a row number", text));
  }
  return value;
}

/// The classes' probabilities of the model, a row for each of the pool.
void suggest_classes(const Options& options, const goldpan::CsvFile& picks,
                     goldpan::ExportSet& set) {
  const goldpan::NpyFloats file(options.probabilities, 2, "N x C");
  const auto probabilities = file.matrix();
  if (probabilities.cols() != set.classes.size()) {
    throw Error(options.probabilities, fmt::format("has {} columns, but there are {} classes",
                                                   probabilities.cols(), set.classes.size()));
  }
  picks.require("index");
  for (std::size_t i = 0; i < set.items.size(); ++i) {
    const std::size_t row = row_number(picks, i);
    if (row >= probabilities.rows()) {
      throw Error(picks.where(i), fmt::format("has index {}, but {} has {} rows", row,
                                              options.probabilities, probabilities.rows()));
    }
    const auto values = probabilities.row(row);
    const auto best = std::ranges::max_element(values);
    if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); }))
      throw Error(options.probabilities, fmt::format("row {} is not finite", row));
    set.items[i].label = set.classes[static_cast<std::size_t>(best - values.begin())];
    set.items[i].confidence = static_cast<double>(*best);
  }
}

/// What another program's file says of the picks; items that are no picks are passed over.
std::size_t suggest_from_file(const Options& options, goldpan::ExportSet& set) {
  const auto& format = goldpan::find_exchange_format(options.suggestions_format);
  const goldpan::AnnotationFile file =
      format.read(options.suggestions, {image_sizes(options.images)});
  if (set.classes.empty()) set.classes = file.classes;
  std::vector<std::string> ids;
  for (const auto& item : set.items) ids.push_back(item.id);
  const goldpan::ItemNames names(ids);
  std::size_t passed_over = 0;
  for (const goldpan::Annotation& annotation : file.annotations) {
    const auto found = names.find(annotation.id, annotation.item);
    if (found.item == goldpan::ItemNames::kNone) {
      ++passed_over;
      continue;
    }
    if (!annotation.labels.empty()) set.items[found.item].label = annotation.labels.front();
    set.items[found.item].boxes = annotation.boxes;
  }
  return passed_over;
}

void place_image(const Options& options, const std::string& item) {
  const std::filesystem::path from = std::filesystem::absolute(options.images) / item;
  const std::filesystem::path folder = options.to == "fiftyone" ? "data"
                                       : options.to == "yolo"   ? "images/train"
                                       : options.to == "coco"   ? "images/default"
                                                                : "images";
  const std::filesystem::path to = std::filesystem::path(options.out) / folder / item;
  std::error_code error;
  std::filesystem::create_directories(to.parent_path(), error);
  std::filesystem::remove(to, error);
  error.clear();
  if (options.image_files == "link") {
    std::filesystem::create_symlink(from, to, error);
  } else {
    std::filesystem::copy_file(from, to, error);
  }
  if (error) throw Error(to.string(), "cannot be made: " + error.message());
}

void export_picks(const Options& options) {
  const auto& format = goldpan::find_exchange_format(options.to);
  if (options.kind != "labels" && options.kind != "boxes") {
    throw Error("--kind", fmt::format("got '{}', expected labels or boxes", options.kind));
  }
  if (options.image_files != "none" && options.images.empty()) {
    throw Error("--image-files", "needs --images");
  }
  const goldpan::CsvFile picks(goldpan::read_text(options.picks), options.picks);
  picks.require("id");
  goldpan::ExportSet set;
  set.kind = options.kind == "boxes" ? AnnotationKind::kBoxes : AnnotationKind::kLabels;
  set.classes = read_classes(options.classes);
  const std::size_t count =
      options.limit == 0 ? picks.rows() : std::min(options.limit, picks.rows());
  for (std::size_t row = 0; row < count; ++row) {
    goldpan::ExportItem item;
    item.id = picks.text(row, "id");
    item.image = item.id;
    item.reason = picks.field(row, "reason");
    item.score = number_or_nan(picks.field(row, "score"));
    set.items.push_back(std::move(item));
  }
  std::size_t passed_over = 0;
  if (!options.suggestions.empty()) passed_over = suggest_from_file(options, set);
  if (!options.probabilities.empty()) suggest_classes(options, picks, set);
  if (set.classes.empty()) {
    throw Error("--classes", "is needed: the names that people may choose from");
  }
  if (const auto sizes = image_sizes(options.images)) {
    for (auto& item : set.items) std::tie(item.width, item.height) = sizes(item.image);
  }
  const auto files = goldpan::write_exchange(format, set, {.image_prefix = options.image_prefix});
  goldpan::write_exchange_files(options.out, files);
  if (options.image_files != "none") {
    for (const auto& item : set.items) place_image(options, item.image);
  }
  std::size_t labels = 0, boxes = 0;
  for (const auto& item : set.items) {
    labels += !item.label.empty();
    boxes += item.boxes.size();
  }
  fmt::print(
      "{} items for {}: {} with a suggested class, {} suggested boxes{} ({})\n", set.items.size(),
      options.to, labels, boxes,
      passed_over > 0 ? fmt::format("; {} suggestions are of no picked item", passed_over) : "",
      (std::filesystem::path(options.out) / files.front().path).string());
}

}  // namespace

void add_export_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("export",
                             "Picks, with suggestions, to Label Studio, CVAT, COCO, YOLO, "
                             "FiftyOne or CSV");
  const auto options = std::make_shared<Options>();
  command->add_option("--picks", options->picks, "what `goldpan pick` wrote")->required();
  std::string formats;
  for (const auto& format : goldpan::exchange_formats()) {
    formats += fmt::format("{}{}", formats.empty() ? "" : ", ", format.name);
  }
  command->add_option("--to", options->to, formats)->required();
  command->add_option("--out", options->out, "folder to write into")->capture_default_str();
  command->add_option("--kind", options->kind, "labels (one class an image) or boxes")
      ->capture_default_str();
  command->add_option("--classes", options->classes, "a,b,c or a file with a name a line");
  command->add_option("--probs", options->probabilities,
                      "N x C .npy: suggests the most probable class of each pick");
  command->add_option("--suggestions", options->suggestions,
                      "file with suggested labels or boxes, as a detector wrote it");
  command->add_option("--suggestions-format", options->suggestions_format, "its format")
      ->capture_default_str();
  command->add_option("--images", options->images,
                      "folder of the images that the ids lie in: sizes are read from there");
  command->add_option("--image-prefix", options->image_prefix,
                      "what stands before an id in the tool: /data/local-files/?d=images/");
  command
      ->add_option("--image-files", options->image_files,
                   "link or copy: put the images where the format wants them; none: do not")
      ->check(CLI::IsMember({"none", "link", "copy"}))
      ->capture_default_str();
  command->add_option("--limit", options->limit, "the first picks only; 0: all")
      ->check(not_negative)
      ->capture_default_str();
  command->footer(
      "Example:\n  goldpan export --picks picks.csv --to label-studio --classes cat,dog "
      "--probs P.npy --image-prefix '/data/local-files/?d=images/' --out tasks\n"
      "docs/exchange.md has the clicks in each tool.");
  command->callback([options] { export_picks(*options); });
}
