#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/utf8.hpp>

#include "data/fingerprint.hpp"
#include "data/folder_listing.hpp"
#include "data/readers.hpp"

namespace goldpan {
namespace {

/// Those of the library, then the caller's own.
std::vector<DatasetFormat> formats_of(const DatasetOptions& options) {
  std::vector<DatasetFormat> formats = dataset_formats();
  formats.insert(formats.end(), options.more_formats.begin(), options.more_formats.end());
  return formats;
}

/// Some of another source's images.
class SubsetImages : public ImageSource {
 public:
  SubsetImages(std::shared_ptr<const ImageSource> all, std::vector<Index> items)
      : all_(std::move(all)), items_(std::move(items)) {}
  std::size_t size() const override { return items_.size(); }
  Image load(std::size_t index, int min_side) const override {
    return all_->load(items_.at(index), min_side);
  }
  std::string location(std::size_t index) const override {
    return all_->location(items_.at(index));
  }

 private:
  std::shared_ptr<const ImageSource> all_;
  std::vector<Index> items_;
};

template <typename T>
std::vector<T> pick(const std::vector<T>& values, const std::vector<Index>& items) {
  std::vector<T> picked;
  if (values.empty()) return picked;
  picked.reserve(items.size());
  for (const Index item : items) picked.push_back(values[item]);
  return picked;
}

template <typename T>
void pick_rows(MatrixView<const T> rows, const std::vector<Index>& items, Dataset& out) {
  const auto copy = std::make_shared<Matrix<T>>(items.size(), rows.cols());
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::memcpy(copy->row(i).data(), rows.row(items[i]).data(), rows.cols() * sizeof(T));
  }
  out.items.embeddings = std::as_const(*copy).view();
  out.items.embeddings_owner = copy;
}

/// Folders may be named by any bytes; tables, pages and journals are UTF-8.
void mend_class_names(Dataset& dataset) {
  std::unordered_set<std::string> seen;
  for (std::string& name : dataset.targets.class_names) {
    std::string mended = as_utf8(name);
    if (mended != name) {
      dataset.notes.push_back(fmt::format("the class '{}' has a name that is not UTF-8.", mended));
    }
    name = std::move(mended);
    if (!seen.insert(name).second) {
      throw Error(dataset.spec, fmt::format("has two classes that are written '{}'", name));
    }
  }
}

}  // namespace

const std::vector<DatasetFormat>& dataset_formats() {
  static const std::vector<DatasetFormat> formats = {
      {"cifar10", "CIFAR-10: the binary files, or a copy as train|test/CLASS/*.jpg", open_cifar10},
      {"folder", "image folder: CLASS/*.jpg|png, or train|test/CLASS/* (or val)",
       open_image_folder},
      {"idx", "the MNIST family: train|t10k-images-idx3-ubyte[.gz] and labels", open_idx},
      {"npy", "embeddings.npy (N x D), labels.npy (N), optionally ids.txt and classes.txt",
       open_npy},
      {"bdd100k", "BDD100K: images/ and labels/ as published; see --attribute", open_bdd100k},
      {"images", "images without labels: a folder of them, flat or nested", open_images},
      {"list", "images without labels: a file with a path a line, or CSV id,path[,group]",
       open_list},
  };
  return formats;
}

Dataset open_dataset(const std::string& spec, const DatasetOptions& options) {
  if (spec == "auto") {
    const std::string found = find_dataset(options);
    Dataset dataset = open_dataset(found, options);
    dataset.notes.insert(dataset.notes.begin(), "'auto' chose " + found + ".");
    return dataset;
  }
  const std::size_t colon = spec.find(':');
  const std::string name = spec.substr(0, colon);
  std::vector<std::string> names;
  for (const DatasetFormat& format : formats_of(options)) {
    names.push_back(format.name);
    if (format.name != name) continue;
    Dataset dataset =
        format.open(colon == std::string::npos ? "" : spec.substr(colon + 1), options);
    dataset.spec = spec;
    mend_class_names(dataset);
    return dataset;
  }
  std::string expected = fmt::format("expected auto or FORMAT:LOCATION with one of the formats {}",
                                     fmt::join(names, ", "));
  if (is_folder(spec))
    expected +=
        " (for a folder of images: folder:" + spec + ", without labels images:" + spec + ")";
  throw Error("data", fmt::format("got '{}', {}", spec, expected));
}

void require_labels(const Dataset& dataset) {
  const auto& labels = dataset.targets.labels;
  const auto unknown = std::ranges::count(labels, kUnknownLabel);
  if (unknown == 0) return;
  const auto first = std::ranges::find(labels, kUnknownLabel) - labels.begin();
  throw Error(dataset.spec,
              fmt::format("has {} items without a label, the first is '{}'; expected a label for "
                          "each, since they are played back",
                          unknown, dataset.items.ids[static_cast<std::size_t>(first)]));
}

Dataset subset(const Dataset& dataset, const std::vector<Index>& items) {
  std::unordered_set<Index> seen;
  for (const Index item : items) {
    if (item >= dataset.size()) {
      throw Error("subset", fmt::format("got item {} of {}", item, dataset.size()));
    }
    if (!seen.insert(item).second) throw Error("subset", fmt::format("got item {} twice", item));
  }
  Dataset out;
  out.spec = dataset.spec;
  Fingerprint fingerprint("subset 1");
  fingerprint.add(dataset.fingerprint);
  for (const Index item : items) fingerprint.add(item);
  out.fingerprint = fingerprint.hex();
  out.targets.class_names = dataset.targets.class_names;
  out.targets.labels = pick(dataset.targets.labels, items);
  out.items.ids = pick(dataset.items.ids, items);
  out.items.splits = pick(dataset.items.splits, items);
  out.items.groups = pick(dataset.items.groups, items);
  out.items.box_sizes = pick(dataset.items.box_sizes, items);
  out.targets.categories = dataset.targets.categories;
  out.targets.boxes = pick(dataset.targets.boxes, items);
  out.targets.boxes_known = pick(dataset.targets.boxes_known, items);
  out.targets.label_names = dataset.targets.label_names;
  out.targets.label_groups = dataset.targets.label_groups;
  out.targets.marks = pick(dataset.targets.marks, items);
  for (const auto& [name, values] : dataset.items.attributes)
    out.items.attributes[name] = pick(values, items);
  out.notes = dataset.notes;
  if (dataset.items.images)
    out.items.images = std::make_shared<SubsetImages>(dataset.items.images, items);
  if (dataset.items.embeddings.is_half()) {
    pick_rows(dataset.items.embeddings.as_half(), items, out);
  } else if (!dataset.items.embeddings.empty()) {
    pick_rows(dataset.items.embeddings.as_float(), items, out);
  }
  return out;
}

}  // namespace goldpan
