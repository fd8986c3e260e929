// Products of our own beside OpenBLAS on one thread: rows x columns x depth. OPENBLAS_CORETYPE
// tells OpenBLAS which processor to think it runs on (docs/decisions/0040-products-of-our-own.md).
#include <benchmark/benchmark.h>
#include <cblas.h>

#include "kernels/blas.hpp"

namespace goldpan {
namespace {

struct Factors {
  explicit Factors(const benchmark::State& state)
      : a(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(2))),
        b(static_cast<std::size_t>(state.range(1)), static_cast<std::size_t>(state.range(2))),
        out(a.rows(), b.rows()) {
    for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] = static_cast<float>(i % 7);
    for (std::size_t i = 0; i < b.size(); ++i) b.data()[i] = static_cast<float>(i % 5);
  }
  Matrix<float> a, b, out;
};

void count(benchmark::State& state) {
  const auto terms = static_cast<double>(state.range(0) * state.range(1) * state.range(2));
  state.counters["GFLOP/s"] = benchmark::Counter(
      2e-9 * terms * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void ours(benchmark::State& state) {
  Factors factors(state);
  for (auto _ : state) {
    multiply_transposed(factors.a, factors.b, factors.out);
    benchmark::DoNotOptimize(factors.out.data());
  }
  count(state);
}

void openblas(benchmark::State& state) {
  Factors f(state);
  openblas_set_num_threads(1);
  const auto rows = static_cast<int>(f.a.rows()), cols = static_cast<int>(f.b.rows()),
             depth = static_cast<int>(f.a.cols());
  for (auto _ : state) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, cols, depth, 1.0f, f.a.data(), depth,
                f.b.data(), depth, 0.0f, f.out.data(), cols);
    benchmark::DoNotOptimize(f.out.data());
  }
  count(state);
  state.SetLabel(openblas_get_corename());
}

#define GOLDPAN_BENCH_SHAPES(function) \
  BENCHMARK(function)                  \
      ->Args({512, 256, 384})          \
      ->Args({128, 256, 384})          \
      ->Args({512, 31, 384})           \
      ->Args({512, 10, 384})           \
      ->Args({64, 2500, 384})
GOLDPAN_BENCH_SHAPES(ours);
GOLDPAN_BENCH_SHAPES(openblas);

}  // namespace
}  // namespace goldpan
