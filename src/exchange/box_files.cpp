#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/exchange/box_files.hpp>

#include "core/file_bytes.hpp"
#include "exchange/box_readers.hpp"
#include "exchange/text_folder.hpp"

namespace goldpan {

using namespace exchange;

namespace exchange {

std::string_view stem_of(std::string_view path) {
  const std::size_t slash = path.find_last_of("/\\");
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? path : path.substr(0, dot);
}

ImageNames::ImageNames(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    names_.emplace(names[i], i);
    const auto [at, is_new] = stems_.emplace(stem_of(names[i]), i);
    if (!is_new) at->second = kNone;  // of several images: tells nothing
  }
}

std::size_t ImageNames::find(std::string_view name) const {
  if (const auto at = names_.find(name); at != names_.end()) return at->second;
  const auto at = stems_.find(stem_of(name));
  return at == stems_.end() ? kNone : at->second;
}

CategoryNames::CategoryNames(const std::vector<std::string>& names) {
  for (const std::string& name : names) add(name);
}

std::int32_t CategoryNames::find(std::string_view name) const {
  const auto at = numbers_.find(std::string(name));
  return at == numbers_.end() ? kNone : at->second;
}

std::int32_t CategoryNames::add(std::string_view name) {
  const auto [at, is_new] =
      numbers_.emplace(std::string(name), static_cast<std::int32_t>(names_.size()));
  if (is_new) names_.emplace_back(name);
  return at->second;
}

BoxPredictions no_predictions(const BoxTruth& truth) {
  BoxPredictions predictions;
  predictions.detections.resize(truth.size());
  predictions.rows.resize(truth.size());
  return predictions;
}

std::size_t image_of_file(const ImageNames& names, const std::string& name,
                          const std::filesystem::path& file, const BoxTruth& truth) {
  const std::size_t image = names.find(name);
  if (image == ImageNames::kNone) {
    throw Error(file.string(), fmt::format("belongs to none of the {} images", truth.size()));
  }
  return image;
}

void check_rectangle(const Box& box, const std::string& where) {
  if (!std::isfinite(box.x) || !std::isfinite(box.y) || !std::isfinite(box.width) ||
      !std::isfinite(box.height)) {
    throw Error(where, "the box holds a number that is not finite");
  }
  if (box.width < 0 || box.height < 0) {
    throw Error(where, fmt::format("the box has a size of {} x {}, expected 0 or more", box.width,
                                   box.height));
  }
}

void note_dropped(std::size_t dropped, std::vector<std::string>& notes) {
  if (dropped == 0) return;
  notes.push_back(
      fmt::format("{} predictions left out: their categories are not among the truth's", dropped));
}

}  // namespace exchange

std::size_t BoxTruth::boxes() const {
  std::size_t sum = 0;
  for (const auto& set : targets.boxes) sum += set.size();
  return sum;
}

std::size_t BoxPredictions::boxes() const {
  std::size_t sum = 0;
  for (const auto& set : detections) sum += set.size();
  return sum;
}

const std::vector<BoxFormat>& box_formats() {
  static const std::vector<BoxFormat> formats = {
      {"coco", "COCO: instances_*.json; predictions as its results file", read_coco_truth,
       read_coco_results},
      {"yolo", "YOLO: a folder of .txt files, an image each; predictions with confidences",
       read_yolo_truth, read_yolo_predictions},
      {"kitti", "KITTI: a folder of .txt files of 15 columns; predictions with a 16th",
       read_kitti_truth, read_kitti_predictions},
      {"bdd100k", "BDD100K: det_*.json, a list of frames; predictions with a `score` a label",
       read_bdd100k_truth, read_bdd100k_predictions},
  };
  return formats;
}

namespace {

const BoxFormat& find_format(std::string_view name) {
  for (const BoxFormat& format : box_formats()) {
    if (format.name == name) return format;
  }
  throw Error("format", fmt::format("there is no '{}'", name));
}

/// The first bytes of a file, without white space.
std::string first_bytes(const std::filesystem::path& path) {
  const OpenFile file(path);
  std::string text(std::min<std::size_t>(file.size(), 4096), '\0');
  file.read(0, std::as_writable_bytes(std::span(text.data(), text.size())));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
  return text;
}

/// Splits `format:path`; without a known format's name the format is seen from what is there.
std::pair<const BoxFormat*, std::filesystem::path> resolve(const std::string& spec,
                                                           bool predictions) {
  for (const BoxFormat& format : box_formats()) {
    if (spec.starts_with(format.name + ":")) return {&format, spec.substr(format.name.size() + 1)};
  }
  const std::filesystem::path path = spec;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return {&find_format(has_kitti_columns(path) ? "kitti" : "yolo"), path};
  }
  const std::string text = first_bytes(path);
  const bool coco = predictions ? text == "[]" || text.find("\"image_id\"") != std::string::npos
                                : text.starts_with('{');
  return {&find_format(coco ? "coco" : "bdd100k"), path};
}

template <typename T>
void permute(std::vector<T>& values, const std::vector<std::size_t>& order) {
  if (values.empty()) return;
  std::vector<T> permuted;
  permuted.reserve(values.size());
  for (const std::size_t i : order) permuted.push_back(std::move(values[i]));
  values = std::move(permuted);
}

}  // namespace

BoxTruth open_box_truth(const std::string& spec, const BoxFileOptions& options) {
  const auto [format, path] = resolve(spec, false);
  return format->read_truth(path, options);
}

BoxPredictions open_box_predictions(const std::string& spec, const BoxTruth& truth,
                                    const BoxFileOptions& options) {
  const auto [format, path] = resolve(spec, true);
  return format->read_predictions(path, truth, options);
}

void sort_by_number(BoxTruth& truth) {
  if (truth.numbers.empty()) return;
  std::vector<std::size_t> order(truth.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return truth.numbers[a] < truth.numbers[b]; });
  permute(truth.images, order);
  permute(truth.widths, order);
  permute(truth.heights, order);
  permute(truth.targets.boxes, order);
  for (auto& [name, values] : truth.attributes) permute(values, order);
  permute(truth.numbers, order);
}

}  // namespace goldpan
