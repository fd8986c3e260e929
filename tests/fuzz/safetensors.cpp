#include <goldpan/core/safetensors.hpp>

#include "fuzz/fuzz.hpp"

// A safetensors file: every tensor of it lies within.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace goldpan;
  const auto path = fuzz::folder() / "x.safetensors";
  fuzz::put(path, {data, size});
  return fuzz::may_refuse([&] { const SafetensorsFile file(path); });
}
