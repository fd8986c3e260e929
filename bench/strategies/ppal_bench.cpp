#include <cstdint>
#include <numeric>
#include <vector>

#include <benchmark/benchmark.h>

#include <goldpan/core/random.hpp>
#include <goldpan/strategies/detection.hpp>

// PPAL's distances of images with 100 boxes each, of 20 categories whose frequencies fall, and
// features of 256 numbers.

namespace goldpan {
namespace {

void BM_image_distances(benchmark::State& state) {
  constexpr std::size_t kBoxes = 100, kDims = 256;
  const auto images = static_cast<std::size_t>(state.range(0));
  Generator random(1);
  std::vector<std::vector<Detection>> detections(images);
  std::vector<std::vector<Index>> rows(images);
  Matrix<float> features(images * kBoxes, kDims);
  for (std::size_t i = 0; i < features.size(); ++i) {
    features.data()[i] = static_cast<float>(random.uniform() - 0.5);
  }
  for (std::size_t i = 0; i < images; ++i) {
    for (std::size_t k = 0; k < kBoxes; ++k) {
      Detection detection{.box = {}, .score = 0.05 + 0.9 * random.uniform(), .probabilities = {}};
      detection.box.category = static_cast<std::int32_t>(random.below(1 + random.below(20)));
      detections[i].push_back(detection);
      rows[i].push_back(static_cast<Index>(i * kBoxes + k));
    }
  }
  std::vector<Index> all(images);
  std::iota(all.begin(), all.end(), Index{0});
  const DetectionPool pool{detections, rows, features, {}, all};
  Workers workers(2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(image_distances(pool, all, 0.05, kBoxes, workers));
  }
}
BENCHMARK(BM_image_distances)
    ->Arg(500)
    ->Arg(4000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(1);

}  // namespace
}  // namespace goldpan
