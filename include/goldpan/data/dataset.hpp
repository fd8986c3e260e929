#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/progress.hpp>
#include <goldpan/core/targets.hpp>
#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// Which shipped part of a data set an item belongs to.
enum class Split : std::uint8_t { kTrain, kTest };

/// A box as label files name it, by its edges in pixels of the original image.
struct NamedBox {
  std::string category;
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

/// What there is to label: N items, with images, with embeddings, or with both.
struct Items {
  /// N unique names: a path below the data folder, a record number, a line of ids.txt.
  std::vector<std::string> ids;
  /// N shipped splits, or empty where the data ships none.
  std::vector<Split> splits;
  /// N group numbers (drive, video, physical sign), or empty: items of one group are
  /// near-duplicates and never straddle the pool and the test set.
  std::vector<std::uint32_t> groups;
  /// N widths and heights of the pictures that boxes are stated in, (0, 0) where that is the image
  /// as it is; empty: all of them.
  std::vector<std::pair<int, int>> box_sizes;
  /// N images, or null for embeddings alone.
  std::shared_ptr<const ImageSource> images;
  /// N x D embeddings that came with the data (`npy:DIR`); empty otherwise. `embeddings_owner`
  /// keeps what they look at: the mapped file, or the rows that `subset` copied.
  Embeddings embeddings;
  std::shared_ptr<const void> embeddings_owner;
  /// N values of each attribute the format knows (BDD100K: "weather", "timeofday", "scene"), ""
  /// where an item has none; no entries for other formats.
  std::map<std::string, std::vector<std::string>> attributes;

  std::size_t size() const { return ids.size(); }
};

/// Items and what is known of them.
struct Dataset {
  /// What was opened, as one types it: "cifar10:data/cifar-10-batches-bin".
  std::string spec;
  /// SHA-256 over what the items are (names, sizes, labels ...): changes when the data changes.
  std::string fingerprint;
  Items items;
  Targets targets;
  /// What the reader left out or assumed, a sentence each, for the user to see.
  std::vector<std::string> notes;

  std::size_t size() const { return items.size(); }
};

struct DatasetOptions;

/// One row a format: the list behind open_dataset, the help text and the docs.
struct DatasetFormat {
  std::string name;     ///< what stands before the colon
  std::string summary;  ///< one line for the help text
  std::function<Dataset(const std::filesystem::path& location, const DatasetOptions&)> open;
};
const std::vector<DatasetFormat>& dataset_formats();

struct DatasetOptions {
  /// A regular expression on an item's file name without its ending; its first capture names the
  /// group, together with the class except in BDD100K, where a drive may pass through several.
  /// Empty: no groups. For `<track>_<frame>.jpg`: "^(.*)_[0-9]+$".
  std::string group_pattern;
  /// BDD100K: "weather", "timeofday" or "scene".
  std::string attribute = "weather";
  /// Where `auto` looks for data sets, in order.
  std::vector<std::filesystem::path> search_path;
  /// Formats of the caller's own beside those of dataset_formats(), such as the program's rendered
  /// road scenes. `auto` takes the first of them where none of the known data sets is found.
  std::vector<DatasetFormat> more_formats;
  /// Of formats that make their data; 0: as many threads as the machine has cores.
  int threads = 0;
  /// Told by formats that make their data; asked whether to stop by all.
  Progress progress;
};

/// Where data and weights are looked for unless told otherwise: $GOLDPAN_DATA, if it is set, then
/// the folder data.
std::vector<std::filesystem::path> standard_search_path();

/// Opens `format:location` (see dataset_formats), or `auto`: the first of the known data sets found
/// in the search path, else the first of more_formats. Images are not decoded yet; files that
/// cannot be a part of the data set are refused here. Throws Error naming the file, and the record
/// or line where there is one.
Dataset open_dataset(const std::string& spec, const DatasetOptions& options = {});

/// For uses that play labels back: throws Error naming the first item whose label is unknown.
void require_labels(const Dataset& dataset);

/// The items kept, in the order given: every per-item list is cut down alike (images stay lazy).
Dataset subset(const Dataset& dataset, const std::vector<Index>& items);

}  // namespace goldpan
