#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <goldpan/exchange/box_files.hpp>
#include <goldpan/tasks/slices.hpp>

// What `evaluate` and `pick` read alike: boxes, and tables of attributes.

/// Options of readers from the command line: `images` is "1280x720", a folder of images, or empty;
/// `categories` a file with a name a line, or empty.
goldpan::BoxFileOptions box_file_options(const std::string& images, const std::string& categories,
                                         bool drop_unknown);

/// Truth, its images in the order of their numbers, and predictions for them.
struct Boxes {
  goldpan::BoxTruth truth;
  goldpan::BoxPredictions found;
};
Boxes open_boxes(const std::string& truth, const std::string& predictions,
                 const goldpan::BoxFileOptions& options);

/// Adds the columns of a CSV file to `columns`, matched to the items by its column `id` (or
/// `image`, `name`, `file_name`; by whole name, else by file name without ending). Items that it
/// does not have get "". Throws Error naming file and line for an item twice; rows of unknown items
/// are passed over.
void add_attributes(const std::filesystem::path& path, const std::vector<std::string>& items,
                    goldpan::AttributeColumns& columns);
