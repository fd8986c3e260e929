#include "strategies/cluster_picks.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "kernels/kmeans.hpp"
#include "strategies/unit_rows.hpp"

namespace goldpan {

Selection pick_from_clusters(const Embeddings& embeddings, std::span<const Index> rows,
                             std::size_t batch, Generator& generator, Workers& workers,
                             const Progress& progress) {
  Selection selection;
  if (batch == 0) return selection;
  const Matrix<float> unit = unit_rows(embeddings, rows, workers);
  KMeansOptions settings;
  settings.clusters = batch;
  settings.progress = progress;
  const KMeans found = kmeans(unit, settings, generator, workers);

  struct Cluster {
    std::size_t members = 0;
    std::size_t nearest = 0;  // its place among the rows
  };
  std::vector<Cluster> clusters(found.centers.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Cluster& own = clusters[found.assignment[i]];
    if (own.members++ == 0 || found.squared_distances[i] < found.squared_distances[own.nearest]) {
      own.nearest = i;
    }
  }
  std::erase_if(clusters, [](const Cluster& own) { return own.members == 0; });
  std::ranges::sort(clusters, [](const Cluster& a, const Cluster& b) {
    return a.members != b.members ? a.members > b.members : a.nearest < b.nearest;
  });
  std::vector<bool> picked(rows.size(), false);
  for (const Cluster& own : clusters) {
    picked[own.nearest] = true;
    selection.indices.push_back(rows[own.nearest]);
    selection.scores.push_back(static_cast<double>(own.members));
  }
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!picked[i]) left.push_back(i);
  }
  std::ranges::stable_sort(left, [&](std::size_t a, std::size_t b) {
    return found.squared_distances[a] > found.squared_distances[b];
  });
  for (std::size_t i = 0; selection.indices.size() < batch; ++i) {
    selection.indices.push_back(rows[left[i]]);
    selection.scores.push_back(0.0);
  }
  return selection;
}

Selection pick_from_candidates(const char* strategy, const Embeddings& embeddings,
                               std::span<const Index> candidates, const Pool& pool,
                               std::size_t batch, Generator& generator, Workers& workers,
                               const Progress& progress) {
  const std::string found = std::string(strategy) + ": " + std::to_string(candidates.size()) +
                            " of " + std::to_string(pool.unlabeled.size()) + " rows are candidates";
  if (candidates.size() >= batch) {
    Generator stream = generator.stream("clusters");
    Selection selection =
        pick_from_clusters(embeddings, candidates, batch, stream, workers, progress);
    selection.notes.push_back(found);
    return selection;
  }
  Selection selection;
  selection.indices.assign(candidates.begin(), candidates.end());
  selection.scores.assign(candidates.size(), 1.0);
  std::vector<Index> rest;
  std::ranges::set_difference(pool.unlabeled, candidates, std::back_inserter(rest));
  Generator stream = generator.stream("fill");
  for (const Index row : stream.sample(rest, batch - candidates.size())) {
    selection.indices.push_back(row);
    selection.scores.push_back(0.0);
  }
  selection.notes.push_back(found + ": " + std::to_string(batch - candidates.size()) +
                            " picks at random");
  return selection;
}

}  // namespace goldpan
