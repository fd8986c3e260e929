#include "mine_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/tasks/average_precision.hpp>

#include "box_inputs.hpp"
#include "labeled_rows.hpp"
#include "picked_images.hpp"

namespace {

using goldpan::Error;
using goldpan::Index;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_npy(const std::string& path) { return std::filesystem::path(path).extension() == ".npy"; }

std::string stem(const std::string& name) { return std::filesystem::path(name).stem().string(); }

/// Rows by their ids; by file names without ending where those tell them apart.
class RowNames {
 public:
  explicit RowNames(const std::vector<std::string>& ids) : size_(ids.size()) {
    for (std::size_t row = 0; row < ids.size(); ++row) {
      by_name_.emplace(ids[row], row);
      const auto [at, is_new] = by_stem_.emplace(stem(ids[row]), row);
      if (!is_new) at->second = size_;  // of several: tells nothing
    }
  }

  std::optional<std::size_t> find(const std::string& name) const {
    if (const auto at = by_name_.find(name); at != by_name_.end()) return at->second;
    const auto at = by_stem_.find(stem(name));
    if (at == by_stem_.end() || at->second == size_) return std::nullopt;
    return at->second;
  }

 private:
  std::size_t size_;
  std::unordered_map<std::string, std::size_t> by_name_, by_stem_;
};

class LabelJudge : public Judge {
 public:
  LabelJudge(std::vector<std::int32_t> truth, std::vector<std::int32_t> predicted,
             std::vector<std::string> classes)
      : truth_(std::move(truth)), predicted_(std::move(predicted)), classes_(std::move(classes)) {}

  const char* metric() const override { return "accuracy"; }
  std::vector<goldpan::MeasuredMetric> measure(std::span<const goldpan::Slice> slices,
                                               const goldpan::MetricOptions& options,
                                               goldpan::Workers& workers) const override {
    return goldpan::classification_metrics(truth_, predicted_, classes_, slices, options, workers);
  }
  double of_one(Index place) const override { return truth_[place] == predicted_[place] ? 1 : 0; }

 private:
  std::vector<std::int32_t> truth_, predicted_;
  std::vector<std::string> classes_;
};

class BoxJudge : public Judge {
 public:
  BoxJudge(goldpan::DetectionMatches matches, std::vector<std::string> categories)
      : matches_(std::move(matches)), categories_(std::move(categories)) {}

  const char* metric() const override { return "AP"; }
  std::vector<goldpan::MeasuredMetric> measure(std::span<const goldpan::Slice> slices,
                                               const goldpan::MetricOptions& options,
                                               goldpan::Workers& workers) const override {
    return goldpan::detection_metrics(matches_, categories_, slices, options, workers);
  }
  double of_one(Index place) const override {
    const goldpan::DetectionMatches one = matches_.only({&place, 1});
    const std::uint16_t once = 1;
    const double value = one.evaluate({&once, 1}).all[0];
    return value == goldpan::kNoTruth ? kNaN : value;
  }

 private:
  goldpan::DetectionMatches matches_;
  std::vector<std::string> categories_;
};

/// A label for each row, as text; empty where the file says nothing.
struct RowLabels {
  std::vector<std::string> of_row;
  bool by_number = false;
};

RowLabels read_csv_labels(const std::string& path, const RowNames& names, std::size_t rows) {
  const goldpan::CsvFile file(goldpan::read_text(path), path);
  std::string id, label;
  for (const char* name : {"file_name", "name", "image", "id"}) id = file.has(name) ? name : id;
  for (const char* name : {"prediction", "class", "label"}) label = file.has(name) ? name : label;
  if (id.empty()) file.require("id");
  if (label.empty()) file.require("label");
  RowLabels labels;
  labels.of_row.resize(rows);
  for (std::size_t i = 0; i < file.rows(); ++i) {
    const auto row = names.find(file.text(i, id));
    if (!row) {
      throw Error(file.where(i), fmt::format("'{}' is not among the {} rows of the embeddings",
                                             file.text(i, id), rows));
    }
    if (!labels.of_row[*row].empty()) {
      throw Error(file.where(i), fmt::format("'{}' stands there already", file.text(i, id)));
    }
    labels.of_row[*row] = file.text(i, label);
  }
  return labels;
}

RowLabels read_npy_labels(const std::string& path, std::size_t rows,
                          const std::vector<std::string>& classes) {
  const goldpan::NpyFile file(path);
  RowLabels labels;
  labels.by_number = classes.empty();
  const auto name = [&](std::int64_t cls) {
    if (classes.empty()) return fmt::format("{}", cls);
    if (static_cast<std::size_t>(cls) >= classes.size()) {
      throw Error("--classes",
                  fmt::format("names {} classes, but {} has class {}", classes.size(), path, cls));
    }
    return classes[static_cast<std::size_t>(cls)];
  };
  if (file.shape().size() == 2) {
    const goldpan::NpyFloats floats(path, 2, "N x C");
    const auto values = floats.matrix();
    for (std::size_t i = 0; i < values.rows(); ++i) {
      labels.of_row.push_back(
          name(std::ranges::max_element(values.row(i)) - values.row(i).begin()));
    }
  } else {
    for (const std::int64_t value : file.integers()) {
      labels.of_row.push_back(value < 0 ? std::string() : name(value));
    }
  }
  if (labels.of_row.size() != rows) {
    throw Error(path, fmt::format("has {} rows, expected the {} of the embeddings",
                                  labels.of_row.size(), rows));
  }
  return labels;
}

/// A CSV file and a .npy file speak of classes alike, or nothing would ever be right.
void check_spelling(const std::set<std::string>& known, const std::set<std::string>& predicted,
                    const MineFiles& files) {
  if (std::ranges::any_of(predicted, [&](const auto& name) { return known.contains(name); }))
    return;
  throw Error(
      files.predictions,
      fmt::format("predicts '{}', which no item of {} has; expected classes spelt alike, or "
                  "--classes with the names of the columns",
                  fmt::join(predicted, "', '"), files.truth));
}

}  // namespace

std::vector<NamedFile> MineFiles::list() const {
  std::vector<NamedFile> files;
  const auto shards = goldpan::find_shards(embeddings);
  for (std::size_t i = 0; i < shards.size(); ++i) {
    files.emplace_back(shards.size() == 1 ? "embeddings" : fmt::format("embeddings[{}]", i),
                       shards[i].string());
  }
  for (const auto& [name, path] :
       {std::pair{"ids", &ids}, std::pair{"labeled", &labeled}, std::pair{"truth", &truth},
        std::pair{"predictions", &predictions}, std::pair{"errors", &errors},
        std::pair{"probs", &probabilities}, std::pair{"negatives", &negatives},
        std::pair{"attributes", &attributes}}) {
    // "coco:FILE" names a file; folders of boxes have no one hash.
    const std::size_t colon = path->find(':');
    const std::string file = colon == std::string::npos ? *path : path->substr(colon + 1);
    if (std::filesystem::is_regular_file(file)) files.emplace_back(name, file);
  }
  return files;
}

std::vector<Index> failing(const Judge& judge, std::span<const Index> places) {
  std::vector<double> values;
  double sum = 0;
  std::size_t count = 0;
  for (const Index place : places) {
    values.push_back(judge.of_one(place));
    if (std::isnan(values.back())) continue;
    sum += values.back();
    ++count;
  }
  std::vector<Index> wrong;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (values[i] < sum / static_cast<double>(count)) wrong.push_back(places[i]);
  }
  return wrong;
}

MineInputs::MineInputs(const MineFiles& files, goldpan::Workers& workers) {
  read_embeddings(files);
  const std::size_t rows = embeddings.rows();
  if (!files.attributes.empty()) add_attributes(files.attributes, ids, attributes);
  if (!files.labeled.empty()) labeled = read_labeled(files.labeled, rows, ids);
  if (!files.negatives.empty()) negatives = read_labeled(files.negatives, rows, ids);
  if (!files.errors.empty()) {
    read_errors(files);
  } else if (!files.truth.empty()) {
    if (files.predictions.empty()) {
      throw Error("--predictions", "--truth needs it, to tell what the model gets wrong");
    }
    const std::string ending = std::filesystem::path(files.truth).extension().string();
    ending == ".csv" || ending == ".npy" ? read_labels(files) : read_boxes(files, workers);
  }
  unlabeled = goldpan::complement(labeled, rows);
  const bool is_matrix =
      is_npy(files.predictions) && goldpan::NpyFile(files.predictions).shape().size() == 2;
  const std::string& of_classes =
      files.probabilities.empty() && is_matrix ? files.predictions : files.probabilities;
  if (of_classes.empty()) return;
  probabilities_file_.emplace(of_classes, 2, "N x C");
  probabilities = probabilities_file_->matrix();
  if (probabilities.rows() != rows) {
    throw Error(of_classes, fmt::format("has {} rows, expected the {} of the embeddings",
                                        probabilities.rows(), rows));
  }
}

void MineInputs::read_embeddings(const MineFiles& files) {
  if (files.embeddings.empty()) {
    throw Error("goldpan mine", "needs --from or --embeddings, the pool");
  }
  const auto paths = goldpan::find_shards(files.embeddings);
  if (paths.size() == 1) {
    file_.emplace(paths.front());
    embeddings = file_->embeddings();
  } else {
    shards_.emplace(paths);
    embeddings = shards_->embeddings();
    ids = shards_->ids();
  }
  if (!files.ids.empty()) ids = goldpan::read_text_lines(files.ids);
  if (ids.empty()) {
    for (std::size_t row = 0; row < embeddings.rows(); ++row) ids.push_back(fmt::format("{}", row));
  }
  if (ids.size() != embeddings.rows()) {
    throw Error(files.ids, fmt::format("has {} lines, expected one for each of the {} rows of {}",
                                       ids.size(), embeddings.rows(), files.embeddings.front()));
  }
}

void MineInputs::read_errors(const MineFiles& files) {
  if (labeled.empty()) throw Error("--labeled", "--errors needs it: which rows were looked at");
  const std::vector<Index> wrong = read_labeled(files.errors, embeddings.rows(), ids);
  for (const Index row : wrong) {
    if (std::ranges::binary_search(labeled, row)) continue;
    throw Error(
        files.errors,
        fmt::format("'{}' is an error, but not labelled: expected rows of --labeled", ids[row]));
  }
  std::vector<std::int32_t> truth, predicted;
  for (const Index row : labeled) {
    truth.push_back(0);
    predicted.push_back(std::ranges::binary_search(wrong, row) ? 1 : 0);
  }
  judge = std::make_unique<LabelJudge>(std::move(truth), std::move(predicted),
                                       std::vector<std::string>{"right", "wrong"});
}

void MineInputs::read_labels(const MineFiles& files) {
  const std::size_t rows = embeddings.rows();
  const RowNames names(ids);
  const auto read = [&](const std::string& path) {
    return is_npy(path) ? read_npy_labels(path, rows, files.classes)
                        : read_csv_labels(path, names, rows);
  };
  const RowLabels truth = read(files.truth), found = read(files.predictions);
  if (files.labeled.empty()) {
    for (std::size_t row = 0; row < rows; ++row) {
      if (!truth.of_row[row].empty()) labeled.push_back(static_cast<Index>(row));
    }
  }
  std::set<std::string> known, predicted;
  for (const Index row : labeled) {
    if (truth.of_row[row].empty()) {
      throw Error(files.truth, fmt::format("has no label of '{}', which is labelled", ids[row]));
    }
    if (found.of_row[row].empty()) {
      throw Error(files.predictions, fmt::format("has no prediction of '{}'", ids[row]));
    }
    known.insert(truth.of_row[row]);
    predicted.insert(found.of_row[row]);
  }
  if (labeled.empty()) throw Error(files.truth, "has no label, expected some of the rows labelled");
  check_spelling(known, predicted, files);
  known.merge(predicted);
  std::vector<std::string> classes(known.begin(), known.end());
  std::map<std::string, std::int32_t> number;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    number.emplace(classes[c], static_cast<std::int32_t>(c));
  }
  std::vector<std::int32_t> truths, predictions;
  for (const Index row : labeled) {
    truths.push_back(number.at(truth.of_row[row]));
    predictions.push_back(number.at(found.of_row[row]));
  }
  judge =
      std::make_unique<LabelJudge>(std::move(truths), std::move(predictions), std::move(classes));
}

void MineInputs::read_boxes(const MineFiles& files, goldpan::Workers& workers) {
  auto [truth, found] =
      open_boxes(files.truth, files.predictions,
                 box_file_options(files.images, files.categories, files.drop_unknown));
  const RowNames names(ids);
  // Images by row: the truth of a pool names images that nobody has labelled yet.
  std::map<std::size_t, std::size_t> image_of;
  for (std::size_t image = 0; image < truth.size(); ++image) {
    const auto row = names.find(truth.images[image]);
    if (!row) {
      throw Error(files.truth, fmt::format("image '{}' is not among the {} rows of the embeddings",
                                           truth.images[image], ids.size()));
    }
    if (!image_of.emplace(*row, image).second) {
      throw Error(files.truth, fmt::format("image '{}' stands there twice", ids[*row]));
    }
    if (files.labeled.empty()) labeled.push_back(static_cast<Index>(*row));
    for (const auto& [attribute, values] : truth.attributes) {
      auto& column = attributes[attribute];
      column.resize(ids.size());
      if (column[*row].empty()) column[*row] = values[image];
    }
  }
  std::ranges::sort(labeled);
  std::vector<std::vector<goldpan::Box>> boxes;
  std::vector<std::vector<goldpan::Detection>> detections;
  for (const Index row : labeled) {
    const auto image = image_of.find(row);
    if (image == image_of.end()) {
      throw Error(files.truth, fmt::format("has no image '{}', which is labelled", ids[row]));
    }
    boxes.push_back(truth.targets.boxes[image->second]);
    detections.push_back(found.detections[image->second]);
  }
  notes.insert(notes.end(), truth.notes.begin(), truth.notes.end());
  notes.insert(notes.end(), found.notes.begin(), found.notes.end());
  judge = std::make_unique<BoxJudge>(
      goldpan::DetectionMatches(boxes, detections, truth.targets.categories.size(), workers),
      truth.targets.categories);
}
