#include "label_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/npy.hpp>

namespace {

using goldpan::Error;

/// Labels as texts, by item: a .npy's rows are named by their numbers.
struct Labels {
  std::vector<std::string> ids, labels;
  bool numbers = false;     ///< the labels are numbers
  std::size_t classes = 0;  ///< of probabilities
};

bool is_npy(const std::string& path) { return std::filesystem::path(path).extension() == ".npy"; }

Labels read_npy_labels(const std::string& path) {
  Labels labels;
  labels.numbers = true;
  const goldpan::NpyFile file(path);
  if (file.shape().size() == 2) {
    const goldpan::NpyFloats floats(path, 2, "N x C");
    const auto values = floats.matrix();
    labels.classes = values.cols();
    for (std::size_t i = 0; i < values.rows(); ++i) {
      const auto row = values.row(i);
      if (!std::ranges::all_of(row, [](float value) { return std::isfinite(value); })) {
        throw Error(path, fmt::format("row {} holds what is not a finite number", i));
      }
      labels.labels.push_back(fmt::format("{}", std::ranges::max_element(row) - row.begin()));
    }
  } else {
    const std::vector<std::int64_t> values = file.integers();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] < 0 || values[i] > 1'000'000) {
        throw Error(fmt::format("{}, entry {}", path, i),
                    fmt::format("got label {}, expected 0 to 1000000", values[i]));
      }
      labels.labels.push_back(fmt::format("{}", values[i]));
    }
  }
  for (std::size_t i = 0; i < labels.labels.size(); ++i) labels.ids.push_back(fmt::format("{}", i));
  return labels;
}

Labels read_csv_labels(const std::string& path) {
  const std::vector<goldpan::CsvRow> rows = goldpan::parse_csv(goldpan::read_text(path), path);
  if (rows.empty()) throw Error(path, "is empty");
  const auto column = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const auto at = std::ranges::find(rows[0].fields, name);
      if (at != rows[0].fields.end()) return static_cast<std::size_t>(at - rows[0].fields.begin());
    }
    throw Error(path + ":1", fmt::format("has no column '{}'", *names.begin()));
  };
  const std::size_t id = column({"id", "image", "name", "file_name"});
  const std::size_t label = column({"label", "class", "prediction"});
  Labels labels;
  std::map<std::string, std::size_t> seen;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    const std::string where = fmt::format("{}:{}", path, rows[r].line);
    if (rows[r].fields.size() != rows[0].fields.size()) {
      throw Error(where, fmt::format("has {} fields, expected {}", rows[r].fields.size(),
                                     rows[0].fields.size()));
    }
    const std::string& name = rows[r].fields[id];
    const auto [at, is_new] = seen.emplace(name, rows[r].line);
    if (!is_new)
      throw Error(where, fmt::format("'{}' stands in line {} already", name, at->second));
    if (rows[r].fields[label].empty()) throw Error(where, "has no label");
    labels.ids.push_back(name);
    labels.labels.push_back(rows[r].fields[label]);
  }
  return labels;
}

Labels read_labels(const std::string& path) {
  return is_npy(path) ? read_npy_labels(path) : read_csv_labels(path);
}

/// Numbers in the order of numbers, texts in that of texts.
std::vector<std::string> class_names(const Labels& truth, const Labels& predicted) {
  if (truth.numbers && predicted.numbers) {
    std::size_t classes = std::max(truth.classes, predicted.classes);
    for (const Labels* labels : {&truth, &predicted}) {
      for (const std::string& label : labels->labels) {
        classes = std::max(classes, static_cast<std::size_t>(std::stoull(label)) + 1);
      }
    }
    std::vector<std::string> names;
    for (std::size_t c = 0; c < classes; ++c) names.push_back(fmt::format("{}", c));
    return names;
  }
  std::set<std::string> names(truth.labels.begin(), truth.labels.end());
  names.insert(predicted.labels.begin(), predicted.labels.end());
  return {names.begin(), names.end()};
}

}  // namespace

LabelInputs read_label_inputs(const std::string& truth_path, const std::string& predictions_path) {
  const Labels truth = read_labels(truth_path), predicted = read_labels(predictions_path);
  if (truth.labels.size() != predicted.labels.size()) {
    throw Error(predictions_path,
                fmt::format("has {} items, but {} has {}", predicted.labels.size(), truth_path,
                            truth.labels.size()));
  }
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < predicted.ids.size(); ++i) places.emplace(predicted.ids[i], i);
  LabelInputs inputs;
  inputs.ids = truth.ids;
  inputs.classes = class_names(truth, predicted);
  std::map<std::string, std::int32_t> numbers;
  for (std::size_t c = 0; c < inputs.classes.size(); ++c) {
    numbers.emplace(inputs.classes[c], static_cast<std::int32_t>(c));
  }
  for (std::size_t i = 0; i < truth.ids.size(); ++i) {
    const auto at = places.find(truth.ids[i]);
    if (at == places.end()) {
      throw Error(predictions_path, fmt::format("has no item '{}'", truth.ids[i]));
    }
    inputs.truth.push_back(numbers.at(truth.labels[i]));
    inputs.predicted.push_back(numbers.at(predicted.labels[at->second]));
  }
  const std::set<std::string> known(truth.labels.begin(), truth.labels.end());
  std::vector<std::string> unknown;
  for (const std::string& name : std::set(predicted.labels.begin(), predicted.labels.end())) {
    if (!known.contains(name)) unknown.push_back("'" + name + "'");
  }
  if (!unknown.empty()) {
    inputs.notes.push_back(fmt::format(
        "{} predicts classes that no item of {} has: {}. Each counts as a class without truth; are "
        "they spelt alike?",
        predictions_path, truth_path, fmt::join(unknown, ", ")));
  }
  return inputs;
}
