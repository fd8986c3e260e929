#include "strategies/farthest_first.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/distance.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 2048;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The candidate closest to the candidates' mean.
struct Nearest {
  std::size_t candidate = 0;
  float squared = kInfinity;
};

class Search {
 public:
  Search(const Embeddings& embeddings, std::span<const Index> candidates, Workers& workers)
      : embeddings_(embeddings),
        candidates_(candidates),
        workers_(workers),
        nearest_(candidates.size(), kInfinity),
        center_(1, embeddings.cols()) {}

  void add_center(Index row) {
    embeddings_.gather_rows({&row, 1}, center_);
    measure([&](std::size_t i, float squared) {
      if (squared < nearest_[i]) nearest_[i] = squared;
    });
  }

  Nearest closest_to_mean() {
    std::vector<double> sums(embeddings_.cols());
    std::vector<float> buffer(embeddings_.cols());
    for (const Index row : candidates_) {
      const auto values = embeddings_.read_rows(row, 1, buffer.data()).row(0);
      for (std::size_t d = 0; d < sums.size(); ++d) sums[d] += values[d];
    }
    for (std::size_t d = 0; d < sums.size(); ++d) {
      center_(0, d) = static_cast<float>(sums[d] / static_cast<double>(candidates_.size()));
    }
    std::vector<float> distances(candidates_.size());
    measure([&](std::size_t i, float squared) { distances[i] = squared; });
    Nearest best;
    for (std::size_t i = 0; i < distances.size(); ++i) {
      if (distances[i] < best.squared) best = {i, distances[i]};
    }
    return best;
  }

  std::size_t farthest() const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < nearest_.size(); ++i) {
      if (nearest_[i] > nearest_[best]) best = i;
    }
    return best;
  }

  float squared(std::size_t i) const { return nearest_[i]; }

  /// Below every distance: never the farthest again.
  void take(std::size_t i) { nearest_[i] = -1.0f; }

 private:
  template <typename Use>
  void measure(const Use& use) {
    workers_.for_blocks(candidates_.size(), kBlock, [&](std::size_t begin, std::size_t end) {
      std::vector<float> buffer(embeddings_.is_half() ? embeddings_.cols() : 0);
      for (std::size_t i = begin; i < end; ++i) {
        const auto row = embeddings_.read_rows(candidates_[i], 1, buffer.data());
        use(i, squared_distance(row.data(), center_.data(), embeddings_.cols()));
      }
    });
  }

  const Embeddings& embeddings_;
  std::span<const Index> candidates_;
  Workers& workers_;
  std::vector<float> nearest_;
  Matrix<float> center_;
};

}  // namespace

Selection farthest_first(const Embeddings& embeddings, std::span<const Index> candidates,
                         std::span<const Index> centers, std::size_t batch, Workers& workers,
                         const Progress& progress) {
  Selection selection;
  Search search(embeddings, candidates, workers);
  const auto take = [&](std::size_t i, float squared) {
    selection.indices.push_back(candidates[i]);
    selection.scores.push_back(std::sqrt(static_cast<double>(squared)));
    search.take(i);
    search.add_center(candidates[i]);
    progress.step(selection.indices.size(), batch);
  };
  if (batch == 0) return selection;
  for (const Index center : centers) search.add_center(center);
  if (centers.empty()) {
    const Nearest first = search.closest_to_mean();
    take(first.candidate, first.squared);
  }
  while (selection.indices.size() < batch) {
    const std::size_t i = search.farthest();
    take(i, search.squared(i));
  }
  return selection;
}

}  // namespace goldpan
