// Comparing a block of 64 sketches with 1,024 centers.
#include <algorithm>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>
#include <hwy/aligned_allocator.h>

#include "kernels/sketch.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kCenters = 1024;

struct Inputs {
  explicit Inputs(std::size_t size)
      : block(hwy::AllocateAligned<float>(size * kSketchBlock)),
        centers(kCenters * size, 0.5f),
        half_lengths(kCenters, 1.0f),
        products(hwy::AllocateAligned<float>(kCenters * kSketchBlock)) {
    std::fill_n(block.get(), size * kSketchBlock, 0.25f);
    std::fill_n(products.get(), kCenters * kSketchBlock, 0.25f);
  }
  hwy::AlignedFreeUniquePtr<float[]> block;
  std::vector<float> centers, half_lengths;
  hwy::AlignedFreeUniquePtr<float[]> products;
};

void products(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Inputs inputs(size);
  for (auto _ : state) {
    sketch_products(inputs.block.get(), size,
                    {inputs.centers.data(), inputs.half_lengths.data(), kCenters},
                    inputs.products.get());
    benchmark::DoNotOptimize(inputs.products.get());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kCenters * kSketchBlock));
}
BENCHMARK(products)->Arg(32)->Arg(64);

void largest(benchmark::State& state) {
  const Inputs inputs(1);
  float values[kSketchBlock] = {};
  std::uint32_t which[kSketchBlock] = {};
  for (auto _ : state) {
    largest_products(inputs.products.get(), kCenters, 0, values, which);
    benchmark::DoNotOptimize(which);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kCenters * kSketchBlock));
}
BENCHMARK(largest);

void above(benchmark::State& state) {
  const Inputs inputs(1);
  float limits[kSketchBlock];
  std::fill_n(limits, kSketchBlock, 1.0f);
  std::vector<std::uint32_t> found;
  for (auto _ : state) {
    products_above(inputs.products.get(), kCenters, limits, found);
    benchmark::DoNotOptimize(found.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kCenters * kSketchBlock));
}
BENCHMARK(above);

}  // namespace
}  // namespace goldpan
