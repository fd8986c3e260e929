// Strategies that compare rows with each other: 40,000 x 384, 10 classes, 2,500 labelled, 2,500
// picks.
#include <benchmark/benchmark.h>

#include <goldpan/strategies/strategy.hpp>

#include "strategies/made_pool.hpp"

namespace goldpan {
namespace {

const bench::MadePool& made_pool() {
  static const bench::MadePool pool(40000, 384, 10, 2500);
  return pool;
}

void pick(benchmark::State& state, const char* strategy, bool cold) {
  Pool pool = made_pool().view();
  if (cold) pool.labeled = {};
  Workers workers(static_cast<int>(state.range(0)));
  Generator generator(0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(select(strategy, pool, 2500, generator, workers).indices.data());
  }
}
BENCHMARK_CAPTURE(pick, k_center, "k_center", false)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pick, k_center_without_labels, "k_center", true)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pick, badge, "badge", false)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pick, hybrid, "hybrid", false)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);

BENCHMARK_CAPTURE(pick, typiclust, "typiclust", false)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond);

/// What takes minutes at the size above: 4,000 x 64, 10 classes, 200 labelled, 200 picks.
void pick_of_few(benchmark::State& state, const char* strategy) {
  static const bench::MadePool few(4000, 64, 10, 200);
  const Pool pool = few.view();
  Workers workers(static_cast<int>(state.range(0)));
  Generator generator(0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(select(strategy, pool, 200, generator, workers).indices.data());
  }
}
BENCHMARK_CAPTURE(pick_of_few, prob_cover, "prob_cover")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pick_of_few, bait, "bait")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace goldpan
