#pragma once

#include <filesystem>

#include <goldpan/data/dataset.hpp>

// One function a format, each in the file of its name; dataset_formats() is the table of them.
// `spec` is left for open_dataset to fill in.

namespace goldpan {

Dataset open_cifar10(const std::filesystem::path& folder, const DatasetOptions& options);
Dataset open_image_folder(const std::filesystem::path& folder, const DatasetOptions& options);
Dataset open_idx(const std::filesystem::path& folder, const DatasetOptions& options);
Dataset open_npy(const std::filesystem::path& folder, const DatasetOptions& options);
Dataset open_images(const std::filesystem::path& folder, const DatasetOptions& options);
Dataset open_list(const std::filesystem::path& file, const DatasetOptions& options);
Dataset open_bdd100k(const std::filesystem::path& folder, const DatasetOptions& options);

/// The first known data set in the search path, as "format:location", else the first of
/// more_formats. Throws Error if there is neither.
std::string find_dataset(const DatasetOptions& options);

}  // namespace goldpan
