#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>

#include "data/folder_listing.hpp"
#include "data/readers.hpp"

namespace goldpan {
namespace {

/// A data set that `auto` knows: what it looks for below each folder of the search path, and how
/// it is sure.
struct KnownDataset {
  std::string format;
  std::vector<std::string> places;  // below a folder of the search path; "" is the folder itself
  std::function<bool(const std::filesystem::path&)> is_there;
  std::vector<std::filesystem::path> system_places;  // looked at after the search path
};

bool is_bdd100k(const std::filesystem::path& folder) {
  return is_folder(folder / "labels") &&
         (is_folder(folder / "images/100k") || is_folder(folder / "images/train"));
}

bool is_cifar10(const std::filesystem::path& folder) {
  return is_file(folder / "data_batch_1.bin") ||
         (is_folder(folder / "train/airplane") && is_folder(folder / "test/airplane"));
}

bool is_fashion_mnist(const std::filesystem::path& folder) {
  return is_file(folder / "train-images-idx3-ubyte.gz") ||
         is_file(folder / "train-images-idx3-ubyte");
}

/// In the order in which they are preferred.
const std::vector<KnownDataset>& known_datasets() {
  static const std::vector<KnownDataset> known = {
      {"bdd100k", {"", "bdd100k"}, is_bdd100k, {}},
      {"cifar10", {"", "cifar-10-batches-bin", "cifar10"}, is_cifar10, {}},
      // Where Debian's package dataset-fashion-mnist puts it.
      {"idx", {"fashion-mnist"}, is_fashion_mnist, {"/usr/share/datasets/fashion-mnist"}},
  };
  return known;
}

}  // namespace

std::vector<std::filesystem::path> standard_search_path() {
  std::vector<std::filesystem::path> path;
  if (const char* const folder = std::getenv("GOLDPAN_DATA")) path.emplace_back(folder);
  path.emplace_back("data");
  return path;
}

std::string find_dataset(const DatasetOptions& options) {
  for (const KnownDataset& known : known_datasets()) {
    std::vector<std::filesystem::path> places;
    for (const auto& folder : options.search_path) {
      for (const std::string& place : known.places) {
        places.push_back(place.empty() ? folder : folder / place);
      }
    }
    places.insert(places.end(), known.system_places.begin(), known.system_places.end());
    for (const auto& place : places) {
      if (known.is_there(place)) return known.format + ":" + place.string();
    }
  }
  if (options.more_formats.empty()) {
    throw Error("data",
                "auto found none of the known data sets, expected one below data or "
                "$GOLDPAN_DATA");
  }
  return options.more_formats.front().name;
}

}  // namespace goldpan
