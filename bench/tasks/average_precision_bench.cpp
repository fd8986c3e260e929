#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <goldpan/core/random.hpp>
#include <goldpan/tasks/average_precision.hpp>

// A made set of COCO val2017's size: 5,000 images, some 36,000 boxes of 80 categories whose
// frequencies fall as 1 / rank, 100 detections an image.

namespace goldpan {
namespace {

struct MadeSet {
  static constexpr std::size_t kImages = 5000, kCategories = 80, kFound = 100;

  MadeSet() : truth(kImages), found(kImages) {
    Generator random(1);
    std::vector<double> cumulative;
    for (std::size_t c = 0; c < kCategories; ++c) {
      cumulative.push_back((c == 0 ? 0 : cumulative.back()) + 1 / static_cast<double>(c + 1));
    }
    const auto category = [&] {
      const double at = random.uniform() * cumulative.back();
      return static_cast<std::int32_t>(std::ranges::upper_bound(cumulative, at) -
                                       cumulative.begin());
    };
    const auto any_box = [&] {
      Box box{.x = random.uniform() * 500, .y = random.uniform() * 400};
      box.width = std::min(400.0, std::exp(3.8 + random.normal()));
      box.height = std::min(400.0, std::exp(3.8 + random.normal()));
      box.category = category();
      return box;
    };
    for (std::size_t i = 0; i < kImages; ++i) {
      for (std::uint64_t n = random.below(15); n > 0; --n) {
        truth[i].push_back(any_box());
        truth[i].back().crowd = random.below(50) == 0;
      }
      while (found[i].size() < kFound) {
        Detection detection{.box = any_box(), .score = random.uniform() * 0.4, .probabilities = {}};
        if (!truth[i].empty() && random.below(3) == 0) {
          detection.box = truth[i][random.below(truth[i].size())];
          detection.box.crowd = false;
          detection.box.x += random.normal() * 0.1 * detection.box.width;
          detection.box.y += random.normal() * 0.1 * detection.box.height;
          detection.score = random.uniform();
        }
        found[i].push_back(detection);
      }
    }
  }
  std::vector<std::vector<Box>> truth;
  std::vector<std::vector<Detection>> found;
};

const MadeSet& made_set() {
  static const MadeSet set;
  return set;
}

void BM_match_and_evaluate(benchmark::State& state) {
  const MadeSet& set = made_set();
  Workers workers(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        evaluate_detection(set.truth, set.found, MadeSet::kCategories, workers));
  }
}
BENCHMARK(BM_match_and_evaluate)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_bootstrap_sample(benchmark::State& state) {
  const MadeSet& set = made_set();
  Workers workers(2);
  const DetectionMatches matches(set.truth, set.found, MadeSet::kCategories, workers);
  Generator random(3);
  std::vector<std::uint16_t> counts(MadeSet::kImages);
  for (std::size_t i = 0; i < MadeSet::kImages; ++i) ++counts[random.below(MadeSet::kImages)];
  for (auto _ : state) benchmark::DoNotOptimize(matches.evaluate(counts));
}
BENCHMARK(BM_bootstrap_sample)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace goldpan
