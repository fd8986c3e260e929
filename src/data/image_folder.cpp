#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

#include "data/file_images.hpp"
#include "data/fingerprint.hpp"
#include "data/folder_listing.hpp"
#include "data/groups.hpp"
#include "data/readers.hpp"

namespace goldpan {
namespace {

/// One shipped part: the folder that holds the class folders. `name` is empty without parts.
struct Part {
  std::string name;
  Split split = Split::kTrain;
  std::map<std::string, std::vector<std::string>> images_of_class = {};
};

/// Files and folders that were passed over, for the notes.
struct LeftOut {
  std::size_t files = 0;
  std::string first_file;
  std::size_t folders = 0;
  std::string first_folder;

  void add_files(const std::filesystem::path& folder, const std::vector<std::string>& names) {
    if (files == 0 && !names.empty()) first_file = (folder / names[0]).string();
    files += names.size();
  }
  void add_folder(const std::filesystem::path& folder) {
    if (folders++ == 0) first_folder = folder.string();
  }
};

std::optional<std::uint64_t> as_number(const std::string& name) {
  std::uint64_t value = 0;
  const char* const end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

/// By name; by value where all names are numbers, so that "10" follows "9".
void sort_classes(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  const bool numbers = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return as_number(name).has_value();
  });
  if (!numbers) return;
  std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return *as_number(a) < *as_number(b);
  });
}

/// True if a folder holds class folders: folders, and no images beside them.
bool holds_classes(const std::filesystem::path& folder) {
  if (!is_folder(folder)) return false;
  const FolderListing listing = list_folder(folder);
  return !listing.folders.empty() && listing.images.empty();
}

/// train and test, or train and a validation part under one of its names; none for class folders
/// without parts (a class may be called "train" as long as it holds images).
std::vector<Part> find_parts(const std::filesystem::path& root, std::vector<std::string>& notes,
                             LeftOut& left_out) {
  if (!holds_classes(root / "train")) return {Part{}};
  std::vector<std::string> tests;
  for (const char* const name : {"test", "val", "valid", "validation"}) {
    if (holds_classes(root / name)) tests.emplace_back(name);
  }
  std::vector<Part> parts = {Part{"train"}};
  // With both, validation images are what the authors meant for tuning: part of the training data.
  for (std::size_t i = 1; i < tests.size(); ++i) {
    notes.push_back(
        fmt::format("'{}' counts as training data, since there is '{}' too.", tests[i], tests[0]));
    parts.push_back(Part{tests[i]});
  }
  if (!tests.empty()) parts.push_back(Part{tests[0], Split::kTest});
  for (const std::string& name : list_folder(root).folders) {
    const bool used = std::any_of(parts.begin(), parts.end(),
                                  [&](const Part& part) { return part.name == name; });
    if (!used) left_out.add_folder(root / name);
  }
  return parts;
}

void list_part(const std::filesystem::path& root, Part& part, LeftOut& left_out) {
  const std::filesystem::path folder = part.name.empty() ? root : root / part.name;
  const FolderListing listing = list_folder(folder);
  left_out.add_files(folder, listing.others);
  left_out.add_files(folder, listing.images);
  for (const std::string& name : listing.folders) {
    FolderListing inside = list_folder(folder / name);
    left_out.add_files(folder / name, inside.others);
    for (const std::string& nested : inside.folders) left_out.add_folder(folder / name / nested);
    if (inside.images.empty()) {
      left_out.add_folder(folder / name);
    } else {
      part.images_of_class.emplace(name, std::move(inside.images));
    }
  }
}

}  // namespace

Dataset open_image_folder(const std::filesystem::path& folder, const DatasetOptions& options) {
  require_folder(folder, "folder");
  Dataset dataset;
  LeftOut left_out;
  std::vector<Part> parts = find_parts(folder, dataset.notes, left_out);
  std::set<std::string> names;
  for (Part& part : parts) {
    list_part(folder, part, left_out);
    for (const auto& [name, images] : part.images_of_class) names.insert(name);
  }
  if (names.empty()) {
    throw Error(folder.string(),
                "has no class folders with images, expected CLASS/*.jpg|jpeg|png, or "
                "train/CLASS/* and test/CLASS/* (or val)");
  }
  dataset.targets.class_names.assign(names.begin(), names.end());
  sort_classes(dataset.targets.class_names);

  for (const Part& part : parts) {
    for (std::size_t label = 0; label < dataset.targets.class_names.size(); ++label) {
      const std::string& name = dataset.targets.class_names[label];
      const auto images = part.images_of_class.find(name);
      if (images == part.images_of_class.end()) continue;
      const std::string prefix = (part.name.empty() ? "" : part.name + "/") + name + "/";
      for (const std::string& image : images->second) {
        dataset.items.ids.push_back(prefix + image);
        dataset.targets.labels.push_back(static_cast<std::int32_t>(label));
        if (parts.size() > 1) dataset.items.splits.push_back(part.split);
      }
    }
  }
  if (left_out.files > 0) {
    dataset.notes.push_back(
        fmt::format("{} files are not images in a class folder and were left "
                    "out, the first is {}.",
                    left_out.files, left_out.first_file));
  }
  if (left_out.folders > 0) {
    dataset.notes.push_back(
        fmt::format("{} folders hold no images where a class or a part of the "
                    "data would, and were left out, the first is {}.",
                    left_out.folders, left_out.first_folder));
  }
  if (!options.group_pattern.empty()) {
    dataset.items.groups = group_by_pattern(dataset.items.ids, dataset.targets.labels,
                                            options.group_pattern, dataset.notes);
  }
  const auto images = std::make_shared<FileImages>(folder, dataset.items.ids);
  Workers workers(0, options.progress.stop);
  dataset.fingerprint = fingerprint_of_files("folder 1", dataset, *images, workers);
  dataset.items.images = images;
  return dataset;
}

}  // namespace goldpan
