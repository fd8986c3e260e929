#include <goldpan/data/dataset.hpp>

#include "fuzz/fuzz.hpp"

// A batch of CIFAR-10's binary version: records of a label and 3,072 bytes. The input is repeated,
// so that short inputs reach whole records; the first byte says how many bytes are cut off.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace goldpan;
  if (size < 2) return 0;
  std::vector<std::uint8_t> batch(std::size_t{2} * 3073);
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i] = data[1 + i % (size - 1)];
  batch.resize(batch.size() - (data[0] < 200 ? 0 : data[0] - 199));
  const auto folder = fuzz::folder() / "cifar";
  for (int part = 1; part <= 5; ++part) {
    fuzz::put(folder / ("data_batch_" + std::to_string(part) + ".bin"), batch);
  }
  fuzz::put(folder / "test_batch.bin", batch);
  return fuzz::may_refuse([&] {
    const Dataset dataset = open_dataset("cifar10:" + folder.string());
    fuzz::require(dataset.targets.labels.size() == dataset.size());
    dataset.items.images->load(dataset.size() - 1);
  });
}
