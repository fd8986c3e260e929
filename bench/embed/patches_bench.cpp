#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <goldpan/core/random.hpp>

#include "embed/patch_features.hpp"
#include "embed/patch_grid.hpp"
#include "kernels/blas.hpp"
#include "kernels/triangle.hpp"

namespace goldpan {
namespace {

Matrix<float> normals(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Matrix<float> values(rows, cols);
  Generator generator(seed);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values.data()[i] = static_cast<float>(generator.normal());
  }
  return values;
}

// What an image of 32 x 32 costs: 729 patches, 1600 centers.
constexpr std::size_t kPatches = 729, kCenters = 1600;

void count_flops(benchmark::State& state) {
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * kPatches * kPatchValues * kCenters,
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

void triangle(benchmark::State& state) {
  const Matrix<float> points = normals(kPatches, kPatchValues, 1);
  const PackedCenters centers(normals(kCenters, kPatchValues, 2));
  std::vector<std::uint8_t> pools(kPatches);
  for (std::size_t i = 0; i < kPatches; ++i) pools[i] = static_cast<std::uint8_t>(i * 6 / kPatches);
  Matrix<float> sums(6, kCenters);
  for (auto _ : state) add_triangle_activations(points, centers, pools, sums);
  count_flops(state);
}
BENCHMARK(triangle)->Unit(benchmark::kMillisecond);

/// The counterpart: the product alone, without distances, activations and pooling.
void product_alone(benchmark::State& state) {
  const Matrix<float> points = normals(kPatches, kPatchValues, 1);
  const Matrix<float> centers = normals(kCenters, kPatchValues, 2);
  Matrix<float> products(kPatches, kCenters);
  for (auto _ : state) multiply_transposed(points, centers, products);
  count_flops(state);
}
BENCHMARK(product_alone)->Unit(benchmark::kMillisecond);

/// All of the encoder before PCA, on one thread.
void describe_image(benchmark::State& state) {
  const PatchFeatures features(normals(kPatchValues, kPatchValues, 3),
                               normals(kCenters, kPatchValues, 2));
  Generator generator(4);
  Image image{32, 32, std::vector<std::uint8_t>(3072)};
  for (auto& pixel : image.pixels) pixel = static_cast<std::uint8_t>(generator.below(256));
  std::vector<float> out(2 * features.half());
  for (auto _ : state) features.describe(image, out);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(describe_image)->Unit(benchmark::kMillisecond);

void shrink_a_frame(benchmark::State& state) {
  const Image frame{1280, 720, std::vector<std::uint8_t>(1280 * 720 * 3, 100)};
  for (auto _ : state) benchmark::DoNotOptimize(patch_picture(frame));
}
BENCHMARK(shrink_a_frame)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace goldpan
