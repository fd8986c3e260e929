#include <goldpan/data/dataset.hpp>

#include "fuzz/fuzz.hpp"

// The labels of an IDX folder (where 10 images lie), plain or packed by gzip.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace goldpan;
  static const auto folder = fuzz::folder();
  std::string images("\0\0\x08\x03\0\0\0\x0a\0\0\0\x02\0\0\0\x02", 16);
  images.append(40, '\x55');
  const auto bytes = [](const std::string& text) {
    return std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  const bool packed = size > 1 && data[0] == 0x1F && data[1] == 0x8B;
  for (const bool fuzz_labels : {true, false}) {
    std::filesystem::remove_all(folder / "idx");
    const std::string ending = packed ? ".gz" : "";
    const auto of_images = folder / "idx" / "train-images-idx3-ubyte";
    const auto of_labels = folder / "idx" / "train-labels-idx1-ubyte";
    const std::string labels = std::string("\0\0\x08\x01\0\0\0\x0a", 8) + std::string(10, '\x03');
    if (fuzz_labels) {
      fuzz::put(of_images, bytes(images));
      fuzz::put(of_labels.string() + ending, {data, size});
    } else {
      fuzz::put(of_images.string() + ending, {data, size});
      fuzz::put(of_labels, bytes(labels));
    }
    fuzz::may_refuse([&] {
      const Dataset dataset = open_dataset("idx:" + (folder / "idx").string());
      fuzz::require(dataset.targets.labels.size() == dataset.size());
      if (dataset.items.images) dataset.items.images->load(dataset.size() - 1);
    });
  }
  return 0;
}
