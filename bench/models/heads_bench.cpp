// The head at the size of CIFAR-10's pool: 40,000 x 384, 10 classes (or 43 and 100), 20 passes.
#include <numeric>
#include <vector>

#include <benchmark/benchmark.h>

#include <goldpan/core/random.hpp>
#include <goldpan/models/linear_head.hpp>
#include <goldpan/models/temperature.hpp>

#include "kernels/blas.hpp"
#include "kernels/narrow_product.hpp"
#include "kernels/softmax.hpp"
#include "models/softmax_regression.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kRows = 40000, kDim = 384, kPasses = 20;

Matrix<float> normal_matrix(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Matrix<float> matrix(rows, cols);
  Generator generator(seed);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    matrix.data()[i] = static_cast<float>(generator.normal());
  }
  return matrix;
}

/// Classes as hard to tell apart as CIFAR-10's from weak features: a linear head gets about two in
/// three right.
struct MadeLabels {
  const Matrix<float>& embeddings;
  std::vector<std::int32_t> labels;
  std::vector<Index> rows;

  explicit MadeLabels(std::size_t classes) : embeddings(all_embeddings()), rows(kRows) {
    const Matrix<float> truth = normal_matrix(kDim, padded_width(classes), 2);
    const std::vector<float> bias(truth.cols());
    Matrix<float> logits(kRows, truth.cols());
    multiply_narrow(embeddings, truth, bias, logits);
    Generator generator(3);
    for (std::size_t i = 0; i < kRows; ++i) {
      std::size_t best = 0;
      double largest = -1e9;
      for (std::size_t c = 0; c < classes; ++c) {
        const double value = 0.15 * double{logits(i, c)} + generator.gumbel();
        if (value > largest) {
          largest = value;
          best = c;
        }
      }
      labels.push_back(static_cast<std::int32_t>(best));
    }
    std::iota(rows.begin(), rows.end(), Index{0});
  }

  static const Matrix<float>& all_embeddings() {
    static const Matrix<float> matrix = normal_matrix(kRows, kDim, 1);
    return matrix;
  }
};

const MadeLabels& made_labels(std::size_t classes) {
  static const MadeLabels ten(10), forty_three(43), hundred(100);
  return classes == 10 ? ten : classes == 43 ? forty_three : hundred;
}

void count_flops(benchmark::State& state, double flops) {
  state.counters["flop/s"] = benchmark::Counter(
      flops, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::OneK::kIs1000);
}

/// Arguments: rows, classes, threads.
void fit(benchmark::State& state, std::size_t hidden) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  const auto classes = static_cast<std::size_t>(state.range(1));
  const MadeLabels& data = made_labels(classes);
  Workers workers(static_cast<int>(state.range(2)));
  HeadOptions options;
  options.hidden = hidden;
  const auto head = make_head(data.embeddings, classes, options);
  for (auto _ : state) {
    head->fit(std::span(data.rows).first(rows), std::span(data.labels).first(rows), {},
              Generator(1), workers);
  }
}
BENCHMARK_CAPTURE(fit, linear, 0)
    ->ArgsProduct({{2000, 10000, 40000}, {10}, {1, 2}})
    ->Args({40000, 43, 1})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fit, hidden_128, 128)->Args({10000, 10, 1})->Unit(benchmark::kMillisecond);

/// One train step: logits, softmax and gradient of all rows.
void step(benchmark::State& state) {
  const auto classes = static_cast<std::size_t>(state.range(0));
  const MadeLabels& data = made_labels(classes);
  LinearLayer layer{normal_matrix(kDim, padded_width(classes), 4),
                    std::vector<float>(padded_width(classes))};
  for (float& weight : std::span(layer.weights.data(), layer.weights.size())) weight *= 0.1f;
  LinearGradient gradient;
  Workers workers(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        cross_entropy_step({data.embeddings, data.labels, {}, classes}, layer, gradient, workers));
  }
  count_flops(state, 4.0 * kRows * kDim * static_cast<double>(classes));
}
BENCHMARK(step)->Arg(10)->Arg(43)->Arg(100)->Unit(benchmark::kMillisecond);

/// The same two products of 64 rows at a time, in cache, without the softmax: by the kernels for
/// narrow matrices, and by the general product.
void products(benchmark::State& state, bool narrow) {
  const auto classes = static_cast<std::size_t>(state.range(0));
  const std::size_t width = narrow ? padded_width(classes) : classes;
  const Matrix<float>& x = MadeLabels::all_embeddings();
  const Matrix<float> weights = normal_matrix(kDim, width, 4);
  const std::vector<float> bias(width);
  Matrix<float> logits(64, width), gradient(kDim, width);
  for (auto _ : state) {
    for (std::size_t begin = 0; begin + 64 <= kRows; begin += 64) {
      const auto block = x.view().rows_between(begin, begin + 64);
      if (narrow) {
        multiply_narrow(block, weights, bias, logits);
        add_transposed_narrow(block, logits, gradient);
      } else {
        multiply(block, weights, logits);
        multiply_left_transposed(block, logits, gradient, 1.0f, 1.0f);
      }
    }
    benchmark::DoNotOptimize(gradient.data());
  }
  count_flops(state, 4.0 * kRows * kDim * static_cast<double>(classes));
}
BENCHMARK_CAPTURE(products, narrow, true)
    ->Arg(10)
    ->Arg(43)
    ->Arg(200)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(products, general, false)
    ->Arg(10)
    ->Arg(43)
    ->Arg(200)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);

/// BALD's cost before its score: 20 passes over the pool.
void passes(benchmark::State& state) {
  const MadeLabels& data = made_labels(10);
  Workers workers(static_cast<int>(state.range(0)));
  const auto head = make_head(data.embeddings, 10);
  head->fit(std::span(data.rows).first(2000), std::span(data.labels).first(2000), {}, Generator(1),
            workers);
  for (auto _ : state) {
    const auto stochastic = head->stochastic_passes(kPasses, 1.0f, Generator(2));
    workers.for_blocks(kRows, 512, [&](std::size_t begin, std::size_t end) {
      std::vector<float> out((end - begin) * kPasses * 10);
      stochastic->probabilities(std::span(data.rows).subspan(begin, end - begin), out);
      benchmark::DoNotOptimize(out.data());
    });
  }
  count_flops(state, 2.0 * kRows * kDim * kPasses * 10);
}
BENCHMARK(passes)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void softmax(benchmark::State& state) {
  const auto classes = static_cast<std::size_t>(state.range(0));
  const Matrix<float> logits = normal_matrix(400000 / classes, classes, 5);
  Matrix<float> values = logits;
  for (auto _ : state) {
    std::copy_n(logits.data(), logits.size(), values.data());
    softmax_rows(values);
    benchmark::DoNotOptimize(values.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(logits.rows()) * state.iterations());
}
BENCHMARK(softmax)->Arg(2)->Arg(10)->Arg(43)->Arg(1000);

void temperature(benchmark::State& state) {
  const MadeLabels& data = made_labels(10);
  const Matrix<float> logits = normal_matrix(4000, 10, 6);
  for (auto _ : state) {
    benchmark::DoNotOptimize(fit_temperature(logits, std::span(data.labels).first(4000)));
  }
}
BENCHMARK(temperature)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace goldpan
