// Strategies that compare rows with each other: 40,000 x 384, 10 classes, 2,500 labelled, 2,500
// picks.
#include <benchmark/benchmark.h>

#include "strategies/algorithms.hpp"
#include "strategies/made_pool.hpp"

namespace goldpan {
namespace {

const bench::MadePool& made_pool() {
  static const bench::MadePool pool(40000, 384, 10, 2500);
  return pool;
}

using Algorithm = Selection(const Pool&, std::size_t, const StrategyOptions&, Generator&, Workers&);

void pick(benchmark::State& state, Algorithm* algorithm, bool cold) {
  Pool pool = made_pool().view();
  if (cold) pool.labeled = {};
  Workers workers(static_cast<int>(state.range(0)));
  Generator generator(0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(algorithm(pool, 2500, {}, generator, workers).indices.data());
  }
}
BENCHMARK_CAPTURE(pick, k_center, algorithms::k_center, false)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pick, k_center_without_labels, algorithms::k_center, true)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pick, badge, algorithms::badge, false)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pick, hybrid, algorithms::hybrid, false)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond);

BENCHMARK_CAPTURE(pick, typiclust, algorithms::typiclust, false)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond);

/// What takes minutes at the size above: 4,000 x 64, 10 classes, 200 labelled, 200 picks.
void pick_of_few(benchmark::State& state, Algorithm* algorithm) {
  static const bench::MadePool few(4000, 64, 10, 200);
  const Pool pool = few.view();
  Workers workers(static_cast<int>(state.range(0)));
  Generator generator(0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(algorithm(pool, 200, {}, generator, workers).indices.data());
  }
}
BENCHMARK_CAPTURE(pick_of_few, prob_cover, algorithms::prob_cover)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pick_of_few, bait, algorithms::bait)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace goldpan
