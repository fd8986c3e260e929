// Strategies that score every row by itself: 40,000 rows, 10 classes, 2,500 labelled, 2,500 picks.
#include <benchmark/benchmark.h>

#include <goldpan/strategies/strategy.hpp>

#include "kernels/row_statistics.hpp"
#include "strategies/made_pool.hpp"

namespace goldpan {
namespace {

const bench::MadePool& made_pool() {
  static const bench::MadePool pool(40000, 8, 10, 2500);
  return pool;
}

void pick(benchmark::State& state, const char* strategy) {
  const Pool pool = made_pool().view();
  Workers workers(static_cast<int>(state.range(0)));
  Generator generator(0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(select(strategy, pool, 2500, generator, workers).indices.data());
  }
}
#define GOLDPAN_BENCH_PICK(name) \
  BENCHMARK_CAPTURE(pick, name, #name)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)
GOLDPAN_BENCH_PICK(entropy);
GOLDPAN_BENCH_PICK(margin);
GOLDPAN_BENCH_PICK(least_confidence);
GOLDPAN_BENCH_PICK(bald);
GOLDPAN_BENCH_PICK(power_bald);
GOLDPAN_BENCH_PICK(epig);

/// What memory gives: reading the probabilities once.
void read_probabilities(benchmark::State& state) {
  const Matrix<float>& p = made_pool().probabilities;
  for (auto _ : state) {
    float sums[16] = {};
    for (std::size_t i = 0; i + 16 <= p.size(); i += 16) {
      for (std::size_t lane = 0; lane < 16; ++lane) sums[lane] += p.data()[i + lane];
    }
    benchmark::DoNotOptimize(sums);
  }
}
BENCHMARK(read_probabilities)->Unit(benchmark::kMillisecond);

void row_entropies(benchmark::State& state) {
  const auto cols = static_cast<std::size_t>(state.range(0));
  const Matrix<float>& p = made_pool().probabilities;
  const MatrixView<const float> rows(p.data(), p.size() / cols, cols);
  std::vector<double> out(rows.rows());
  for (auto _ : state) goldpan::row_entropies(rows, out);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * rows.size() * 4));
}
BENCHMARK(row_entropies)->Arg(10)->Arg(32)->Arg(100)->Arg(1000);

}  // namespace
}  // namespace goldpan
