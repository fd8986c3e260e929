#include <goldpan/core/npy.hpp>

#include "fuzz/fuzz.hpp"

// A .npy file, through every way of reading it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace goldpan;
  const auto path = fuzz::folder() / "x.npy";
  fuzz::put(path, {data, size});
  fuzz::may_refuse([&] { fuzz::require(NpyFile(path).values().size() <= size); });
  fuzz::may_refuse([&] { NpyFile(path).integers(); });
  fuzz::may_refuse([&] {
    const NpyFile file(path);
    const Embeddings embeddings = file.embeddings();
    check_finite(embeddings, "fuzz");
  });
  for (const std::size_t dimensions : {1, 2, 3}) {
    fuzz::may_refuse([&] {
      const NpyFloats floats(path, dimensions, "N x C");
      float sum = 0;
      for (const float value : floats.values()) sum += value;
      fuzz::require(sum != 0.125f || !floats.values().empty());
    });
  }
  return fuzz::may_refuse([&] {
    const NpyEmbeddings file(path);
    check_finite(file.embeddings(), "fuzz");
  });
}
