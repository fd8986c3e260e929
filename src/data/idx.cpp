#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

#include "data/fingerprint.hpp"
#include "data/folder_listing.hpp"
#include "data/groups.hpp"
#include "data/idx_file.hpp"
#include "data/readers.hpp"
#include "data/text_lines.hpp"
#include "imaging/image_limits.hpp"

namespace goldpan {
namespace {

// Xiao, Rasul & Vollgraf 2017.
constexpr std::array<const char*, 10> kFashionNames = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};

/// The images and labels of one split.
struct Part {
  std::string name;  // of the images' file
  Split split;
  IdxFile images;
  IdxFile labels;
  std::size_t first;  // its first image's place among all

  std::size_t size() const { return images.sizes[0]; }
};

/// Grey images, given out as RGB.
class IdxImages : public ImageSource {
 public:
  explicit IdxImages(std::vector<Part> parts) : parts_(std::move(parts)) {}

  std::size_t size() const override { return parts_.back().first + parts_.back().size(); }
  Image load(std::size_t index, int /*min_side*/) const override {
    const Part& part = find(index);
    const std::size_t height = part.images.sizes[1];
    const std::size_t width = part.images.sizes[2];
    const auto grey =
        part.images.values.subspan((index - part.first) * height * width, height * width);
    Image image{static_cast<int>(width), static_cast<int>(height), {}};
    image.pixels.resize(3 * grey.size());
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      image.pixels[i] = static_cast<std::uint8_t>(grey[i / 3]);
    }
    return image;
  }
  std::string location(std::size_t index) const override {
    const Part& part = find(index);
    return fmt::format("{}, record {}", part.name, index - part.first);
  }

 private:
  const Part& find(std::size_t index) const {
    if (index >= size()) {
      throw Error("IDX", fmt::format("got image {}, expected 0 to {}", index, size() - 1));
    }
    const auto after =
        std::upper_bound(parts_.begin(), parts_.end(), index,
                         [](std::size_t wanted, const Part& part) { return wanted < part.first; });
    return *std::prev(after);
  }

  std::vector<Part> parts_;
};

/// "train-images-idx3-ubyte" under any of the names it is shipped with.
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder,
                                               const std::string& stem, const std::string& kind) {
  for (const char* const dot : {"-", "."}) {
    for (const char* const ending : {"", ".gz"}) {
      std::filesystem::path path = folder / fmt::format("{}{}{}{}", stem, dot, kind, ending);
      if (is_file(path)) return path;
    }
  }
  return std::nullopt;
}

std::optional<Part> open_part(const std::filesystem::path& folder, const std::string& prefix,
                              Split split, std::size_t first) {
  const auto images = find_file(folder, prefix + "-images", "idx3-ubyte");
  const auto labels = find_file(folder, prefix + "-labels", "idx1-ubyte");
  if (!images && !labels) return std::nullopt;
  if (!images || !labels) {
    throw Error(folder.string(),
                fmt::format("has {0}-{1} but no {0}-{2}", prefix, images ? "images" : "labels",
                            images ? "labels-idx1-ubyte" : "images-idx3-ubyte"));
  }
  Part part{images->filename().string(), split, read_idx(*images, 3), read_idx(*labels, 1), first};
  if (part.images.sizes[0] != part.labels.sizes[0]) {
    throw Error(labels->string(), fmt::format("has {} labels for {} images", part.labels.sizes[0],
                                              part.images.sizes[0]));
  }
  check_image_size(part.images.sizes[2], part.images.sizes[1], part.images.values.size(), 1,
                   images->string());
  return part;
}

/// classes.txt wins; else the names are known from the folder's; else they are the numbers.
std::vector<std::string> name_classes(const std::filesystem::path& folder,
                                      std::size_t largest_label, std::vector<std::string>& notes) {
  if (is_file(folder / "classes.txt")) {
    std::vector<std::string> names = read_lines(folder / "classes.txt");
    if (largest_label >= names.size()) {
      throw Error(
          (folder / "classes.txt").string(),
          fmt::format("names {} classes, but there is a label {}", names.size(), largest_label));
    }
    return names;
  }
  const std::filesystem::path absolute = std::filesystem::weakly_canonical(folder);
  if (absolute.filename().string().find("fashion") != std::string::npos &&
      largest_label < kFashionNames.size()) {
    notes.emplace_back("Class names are Fashion-MNIST's, as the folder's name says.");
    return {kFashionNames.begin(), kFashionNames.end()};
  }
  std::vector<std::string> names(std::max<std::size_t>(largest_label + 1, 10));
  for (std::size_t label = 0; label < names.size(); ++label)
    names[label] = fmt::format("{}", label);
  return names;
}

}  // namespace

Dataset open_idx(const std::filesystem::path& folder, const DatasetOptions& options) {
  require_folder(folder, "idx");
  refuse_group_pattern(options.group_pattern, "IDX");
  Dataset dataset;
  std::vector<Part> parts;
  for (const auto& [prefix, split] : {std::pair{"train", Split::kTrain}, {"t10k", Split::kTest}}) {
    auto part = open_part(folder, prefix, split, dataset.size());
    if (!part) continue;
    for (std::size_t i = 0; i < part->size(); ++i) {
      dataset.targets.labels.push_back(static_cast<std::int32_t>(part->labels.values[i]));
      dataset.items.ids.push_back(fmt::format("{}:{}", prefix, i));
      dataset.items.splits.push_back(split);
    }
    parts.push_back(std::move(*part));
  }
  if (parts.empty()) {
    throw Error(folder.string(),
                "has neither train-images-idx3-ubyte[.gz] nor t10k-images-idx3-ubyte[.gz]");
  }
  if (parts.size() == 1) dataset.items.splits.clear();
  const auto largest =
      *std::max_element(dataset.targets.labels.begin(), dataset.targets.labels.end());
  dataset.targets.class_names =
      name_classes(folder, static_cast<std::size_t>(largest), dataset.notes);

  Workers workers(0, options.progress.stop);
  Fingerprint fingerprint("idx 1");
  for (const std::string& name : dataset.targets.class_names) fingerprint.add(name);
  for (const Part& part : parts) {
    for (const std::size_t size : part.images.sizes) fingerprint.add(size);
    fingerprint.add(content_digest(part.images.values, workers));
    fingerprint.add(content_digest(part.labels.values, workers));
  }
  dataset.fingerprint = fingerprint.hex();
  dataset.items.images = std::make_shared<IdxImages>(std::move(parts));
  return dataset;
}

}  // namespace goldpan
