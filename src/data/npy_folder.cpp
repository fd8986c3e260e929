#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/npy.hpp>

#include "data/fingerprint.hpp"
#include "data/folder_listing.hpp"
#include "data/groups.hpp"
#include "data/readers.hpp"
#include "data/text_lines.hpp"

namespace goldpan {
namespace {

/// More classes than this are taken for a mistake (regression targets, identifiers).
constexpr std::int64_t kMostClasses = 1'000'000;

/// Labels as the file has them: whole numbers, or floats as pandas saves them where some are
/// missing (NaN).
std::vector<std::int64_t> read_numbers(const std::filesystem::path& path) {
  const NpyFile file(path);
  if (!file.type().starts_with('f')) return file.integers();
  const NpyFloats floats(path, 1, "N");
  std::vector<std::int64_t> numbers;
  for (const float value : floats.values()) {
    if (!std::isnan(value) && (value != std::floor(value) || std::abs(value) > kMostClasses)) {
      throw Error(path.string(),
                  fmt::format("row {} has label {}, expected whole numbers (NaN or -1 "
                              "where the label is unknown)",
                              numbers.size(), value));
    }
    numbers.push_back(std::isnan(value) ? kUnknownLabel : static_cast<std::int64_t>(value));
  }
  return numbers;
}

/// The labels and, where `names` is empty, the classes' names: those that occur.
std::vector<std::int32_t> read_labels(const std::filesystem::path& path, std::size_t rows,
                                      std::vector<std::string>& names) {
  const std::vector<std::int64_t> numbers = read_numbers(path);
  if (numbers.size() != rows) {
    throw Error(path.string(),
                fmt::format("has {} labels for {} embeddings", numbers.size(), rows));
  }
  const bool named = !names.empty();
  const auto classes = named ? static_cast<std::int64_t>(names.size()) : kMostClasses;
  std::map<std::int64_t, std::int32_t> occurring;
  for (std::size_t i = 0; i < rows; ++i) {
    if (numbers[i] < kUnknownLabel || numbers[i] >= classes) {
      throw Error(path.string(),
                  fmt::format("row {} has label {}, expected 0 to {} (or -1: unknown)", i,
                              numbers[i], classes - 1));
    }
    if (numbers[i] != kUnknownLabel) occurring.emplace(numbers[i], 0);
  }
  if (occurring.empty()) {
    throw Error(path.string(), "holds no label but unknown ones, expected some");
  }
  if (!named) {
    for (auto& [number, label] : occurring) {
      label = static_cast<std::int32_t>(names.size());
      names.push_back(fmt::format("{}", number));
    }
  }
  std::vector<std::int32_t> labels(rows, kUnknownLabel);
  for (std::size_t i = 0; i < rows; ++i) {
    if (numbers[i] == kUnknownLabel) continue;
    labels[i] = named ? static_cast<std::int32_t>(numbers[i]) : occurring.at(numbers[i]);
  }
  return labels;
}

}  // namespace

Dataset open_npy(const std::filesystem::path& folder, const DatasetOptions& options) {
  require_folder(folder, "npy");
  Dataset dataset;
  const auto file = std::make_shared<NpyFile>(folder / "embeddings.npy");
  dataset.items.embeddings = file->embeddings();
  const std::string where = file->path().string();
  const std::size_t rows = dataset.items.embeddings.rows();
  if (dataset.items.embeddings.empty()) {
    throw Error(where, fmt::format("has shape {} x {}, expected at least one row and one column",
                                   rows, dataset.items.embeddings.cols()));
  }
  check_finite(dataset.items.embeddings, where.c_str());
  dataset.items.embeddings_owner = file;

  if (is_file(folder / "classes.txt")) {
    dataset.targets.class_names = read_lines(folder / "classes.txt");
  }
  dataset.targets.labels = read_labels(folder / "labels.npy", rows, dataset.targets.class_names);
  const auto unknown = std::ranges::count(dataset.targets.labels, kUnknownLabel);
  if (unknown > 0) dataset.notes.push_back(fmt::format("{} items have no label.", unknown));

  if (is_file(folder / "ids.txt")) {
    dataset.items.ids = read_lines(folder / "ids.txt");
    if (dataset.items.ids.size() != rows) {
      throw Error((folder / "ids.txt").string(),
                  fmt::format("has {} lines for {} embeddings", dataset.items.ids.size(), rows));
    }
    if (!options.group_pattern.empty()) {
      dataset.items.groups = group_by_pattern(dataset.items.ids, dataset.targets.labels,
                                              options.group_pattern, dataset.notes);
    }
  } else {
    refuse_group_pattern(options.group_pattern, "npy (without ids.txt)");
    for (std::size_t i = 0; i < rows; ++i) dataset.items.ids.push_back(fmt::format("{}", i));
  }

  Workers workers(0, options.progress.stop);
  Fingerprint fingerprint("npy 1");
  fingerprint.add(file->type()).add(rows).add(dataset.items.embeddings.cols());
  fingerprint.add(content_digest(file->values(), workers));
  for (const std::string& name : dataset.targets.class_names) fingerprint.add(name);
  for (std::size_t i = 0; i < rows; ++i) {
    fingerprint.add(dataset.items.ids[i])
        .add(static_cast<std::uint64_t>(dataset.targets.labels[i]));
  }
  dataset.fingerprint = fingerprint.hex();
  return dataset;
}

}  // namespace goldpan
