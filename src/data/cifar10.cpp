#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

#include "data/fingerprint.hpp"
#include "data/folder_listing.hpp"
#include "data/groups.hpp"
#include "data/readers.hpp"
#include "data/text_lines.hpp"

namespace goldpan {
namespace {

// A record is a label byte, then the red, the green and the blue plane of 32 x 32 pixels
// (Krizhevsky 2009, the binary version's description).
constexpr int kSide = 32;
constexpr std::size_t kPlane = std::size_t{kSide} * kSide;
constexpr std::size_t kRecord = 1 + 3 * kPlane;
constexpr std::size_t kOfficialRecords = 10'000;
constexpr std::size_t kClasses = 10;

constexpr std::array<const char*, kClasses> kClassNames = {
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
constexpr std::array<const char*, 6> kFiles = {"data_batch_1.bin", "data_batch_2.bin",
                                               "data_batch_3.bin", "data_batch_4.bin",
                                               "data_batch_5.bin", "test_batch.bin"};

struct BatchFile {
  std::string name;
  MappedFile file;
  std::size_t first;  // its first record's place among all records

  std::size_t records() const { return file.bytes().size() / kRecord; }
};

class Cifar10Images : public ImageSource {
 public:
  Cifar10Images(std::vector<BatchFile> files, std::size_t size)
      : files_(std::move(files)), size_(size) {}

  std::size_t size() const override { return size_; }
  Image load(std::size_t index, int /*min_side*/) const override {
    const auto [file, record] = find(index);
    const std::byte* const planes = file->file.bytes().data() + record * kRecord + 1;
    Image image{kSide, kSide, std::vector<std::uint8_t>(3 * kPlane)};
    for (std::size_t pixel = 0; pixel < kPlane; ++pixel) {
      for (std::size_t c = 0; c < 3; ++c) {
        image.pixels[3 * pixel + c] = static_cast<std::uint8_t>(planes[c * kPlane + pixel]);
      }
    }
    return image;
  }
  std::string location(std::size_t index) const override {
    const auto [file, record] = find(index);
    return fmt::format("{}, record {}", file->name, record);
  }

 private:
  std::pair<const BatchFile*, std::size_t> find(std::size_t index) const {
    if (index >= size_) {
      throw Error("CIFAR-10", fmt::format("got image {}, expected 0 to {}", index, size_ - 1));
    }
    auto after = std::upper_bound(
        files_.begin(), files_.end(), index,
        [](std::size_t wanted, const BatchFile& file) { return wanted < file.first; });
    const BatchFile& file = *--after;
    return {&file, index - file.first};
  }

  std::vector<BatchFile> files_;
  std::size_t size_;
};

MappedFile open_batch(const std::filesystem::path& path) {
  MappedFile file(path);
  const std::size_t bytes = file.bytes().size();
  if (bytes == 0) throw Error(path.string(), "is empty");
  if (bytes % kRecord != 0) {
    throw Error(path.string(), fmt::format("is truncated: record {} has {} of {} bytes",
                                           bytes / kRecord, bytes % kRecord, kRecord));
  }
  return file;
}

std::vector<std::string> read_class_names(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "batches.meta.txt";
  if (!is_file(path)) return {kClassNames.begin(), kClassNames.end()};
  std::vector<std::string> names = read_lines(path);
  if (names.size() != kClasses) {
    throw Error(path.string(),
                fmt::format("names {} classes, expected {}", names.size(), kClasses));
  }
  return names;
}

/// The folder itself or the one that the archive unpacks to.
std::filesystem::path find_batches(const std::filesystem::path& folder) {
  for (const auto& candidate : {folder, folder / "cifar-10-batches-bin"}) {
    if (is_file(candidate / kFiles[0])) return candidate;
  }
  if (is_file(folder / "data_batch_1") || is_folder(folder / "cifar-10-batches-py")) {
    throw Error(folder.string(),
                "holds the Python version of CIFAR-10, expected the binary version "
                "(cifar-10-binary.tar.gz)");
  }
  return {};
}

}  // namespace

Dataset open_cifar10(const std::filesystem::path& folder, const DatasetOptions& options) {
  require_folder(folder, "cifar10");
  const std::filesystem::path batches = find_batches(folder);
  if (batches.empty()) {
    // A copy as image files is CIFAR-10 too.
    if (is_folder(folder / "train" / kClassNames[0])) return open_image_folder(folder, options);
    throw Error(folder.string(), "has no data_batch_1.bin and no cifar-10-batches-bin folder");
  }
  refuse_group_pattern(options.group_pattern, "CIFAR-10's binary");

  Dataset dataset;
  dataset.targets.class_names = read_class_names(batches);
  Workers workers(0, options.progress.stop);
  Fingerprint fingerprint("cifar10 1");
  for (const std::string& name : dataset.targets.class_names) fingerprint.add(name);
  std::vector<BatchFile> files;
  for (const std::string name : kFiles) {
    BatchFile batch{name, open_batch(batches / name), dataset.size()};
    const Split split = name == kFiles.back() ? Split::kTest : Split::kTrain;
    for (std::size_t record = 0; record < batch.records(); ++record) {
      const auto label = static_cast<std::uint8_t>(batch.file.bytes()[record * kRecord]);
      if (label >= kClasses) {
        throw Error(
            batch.file.path().string(),
            fmt::format("record {} has label {}, expected 0 to {}", record, label, kClasses - 1));
      }
      dataset.targets.labels.push_back(label);
      dataset.items.ids.push_back(fmt::format("{}:{}", name, record));
      dataset.items.splits.push_back(split);
    }
    if (batch.records() != kOfficialRecords) {
      dataset.notes.push_back(fmt::format("{} holds {} records; the official file holds {}.", name,
                                          batch.records(), kOfficialRecords));
    }
    fingerprint.add(content_digest(batch.file.bytes(), workers));
    files.push_back(std::move(batch));
  }
  dataset.fingerprint = fingerprint.hex();
  dataset.items.images = std::make_shared<Cifar10Images>(std::move(files), dataset.size());
  return dataset;
}

}  // namespace goldpan
