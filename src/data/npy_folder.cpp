#include <algorithm>
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

std::vector<std::int32_t> read_labels(const std::filesystem::path& path, std::size_t rows,
                                      std::int64_t classes) {
  const std::vector<std::int64_t> wide = NpyFile(path).integers();
  if (wide.size() != rows) {
    throw Error(path.string(), fmt::format("has {} labels for {} embeddings", wide.size(), rows));
  }
  std::vector<std::int32_t> labels(wide.size());
  for (std::size_t i = 0; i < wide.size(); ++i) {
    if (wide[i] < 0 || wide[i] >= classes) {
      throw Error(path.string(),
                  fmt::format("row {} has label {}, expected 0 to {}", i, wide[i], classes - 1));
    }
    labels[i] = static_cast<std::int32_t>(wide[i]);
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

  const bool named = is_file(folder / "classes.txt");
  if (named) dataset.targets.class_names = read_lines(folder / "classes.txt");
  dataset.targets.labels = read_labels(
      folder / "labels.npy", rows,
      named ? static_cast<std::int64_t>(dataset.targets.class_names.size()) : kMostClasses);
  if (!named) {
    const auto largest =
        *std::max_element(dataset.targets.labels.begin(), dataset.targets.labels.end());
    for (std::int32_t label = 0; label <= largest; ++label) {
      dataset.targets.class_names.push_back(fmt::format("{}", label));
    }
  }

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

  Workers workers;
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
