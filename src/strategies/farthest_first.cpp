#include "strategies/farthest_first.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/closest_to_mean.hpp"
#include "strategies/farthest_search.hpp"

namespace goldpan {
namespace {

/// Centers read at once.
constexpr std::size_t kReadRows = 512;

}  // namespace

Selection farthest_first(const Embeddings& embeddings, std::span<const Index> candidates,
                         std::span<const Index> centers, std::size_t batch, Workers& workers,
                         const Progress& progress) {
  if (batch == 0) return {};
  Selection selection;
  FarthestSearch search(embeddings, candidates, centers.size() + batch, workers);
  const auto add_centers = [&](std::span<const Index> rows) {
    Matrix<float> values(rows.size(), embeddings.cols());
    embeddings.gather_rows(rows, values);
    search.add_centers(values);
  };
  const auto note = [&](std::size_t candidate, float squared) {
    selection.indices.push_back(candidates[candidate]);
    selection.scores.push_back(std::sqrt(static_cast<double>(squared)));
  };
  for (std::size_t begin = 0; begin < centers.size(); begin += kReadRows) {
    add_centers(centers.subspan(begin, std::min(kReadRows, centers.size() - begin)));
  }
  if (centers.empty()) {
    const auto [candidate, squared] = closest_to_mean(embeddings, candidates, workers);
    add_centers(candidates.subspan(candidate, 1));
    search.take(candidate);
    note(candidate, squared);
  }
  while (selection.indices.size() < batch) {
    const auto [squared, candidate] = search.take_farthest();
    note(candidate, squared);
    progress.step(selection.indices.size(), batch);
  }
  return selection;
}

}  // namespace goldpan
