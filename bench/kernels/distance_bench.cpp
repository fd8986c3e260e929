// One distance of two rows, in the first-level cache.
#include <vector>

#include <benchmark/benchmark.h>

#include "kernels/distance.hpp"

namespace goldpan {
namespace {

void distance(benchmark::State& state) {
  const auto dims = static_cast<std::size_t>(state.range(0));
  const std::vector<float> a(dims, 1.0f), b(dims, 2.0f);
  for (auto _ : state) {
    benchmark::DoNotOptimize(squared_distance(a.data(), b.data(), dims));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(distance)->Arg(16)->Arg(128)->Arg(384)->Arg(1000);

}  // namespace
}  // namespace goldpan
