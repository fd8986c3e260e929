#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <goldpan/strategies/detection.hpp>

// PPAL's distance of two images, box by box from its formula, and k-medoids by trying every member.

namespace goldpan::reference {

inline double feature_cosine(const DetectionPool& pool, Index a, Index b) {
  const MatrixView<const float> features = pool.box_features.as_float();
  double both = 0, aa = 0, bb = 0;
  for (std::size_t d = 0; d < features.cols(); ++d) {
    both += static_cast<double>(features(a, d)) * features(b, d);
    aa += static_cast<double>(features(a, d)) * features(a, d);
    bb += static_cast<double>(features(b, d)) * features(b, d);
  }
  return aa == 0 || bb == 0 ? 0.0 : both / std::sqrt(aa * bb);
}

inline std::vector<std::size_t> counted_boxes(const DetectionPool& pool, Index image,
                                              double least_score, std::size_t most) {
  std::vector<std::size_t> boxes;
  for (std::size_t k = 0; k < pool.detections[image].size(); ++k) {
    if (pool.detections[image][k].score >= least_score) boxes.push_back(k);
  }
  std::stable_sort(boxes.begin(), boxes.end(), [&](std::size_t a, std::size_t b) {
    return pool.detections[image][a].score > pool.detections[image][b].score;
  });
  if (boxes.size() > most) boxes.resize(most);
  return boxes;
}

inline double directed_distance(const DetectionPool& pool, Index i, Index j, double least_score,
                                std::size_t most) {
  const auto from = counted_boxes(pool, i, least_score, most);
  const auto to = counted_boxes(pool, j, least_score, most);
  if (from.empty()) return to.empty() ? 0.0 : 2.0;
  double sum = 0, scores = 0;
  for (const std::size_t k : from) {
    double nearest = 2;
    bool found = false;
    for (const std::size_t l : to) {
      if (pool.detections[i][k].box.category != pool.detections[j][l].box.category) continue;
      const double distance =
          1 - feature_cosine(pool, pool.feature_rows[i][k], pool.feature_rows[j][l]);
      nearest = found ? std::min(nearest, distance) : distance;
      found = true;
    }
    sum += pool.detections[i][k].score * nearest;
    scores += pool.detections[i][k].score;
  }
  return sum / scores;
}

inline double image_distance(const DetectionPool& pool, Index i, Index j, double least_score,
                             std::size_t most) {
  return (directed_distance(pool, i, j, least_score, most) +
          directed_distance(pool, j, i, least_score, most)) /
         2;
}

/// Farthest first from `first`, then assignment and update until nothing changes.
inline std::vector<Index> k_medoids(const Matrix<float>& distances, std::size_t count, Index first,
                                    int iterations) {
  const auto n = static_cast<Index>(distances.rows());
  std::vector<Index> medoids = {first};
  const auto to_nearest = [&](Index i) {
    float nearest = std::numeric_limits<float>::infinity();
    for (const Index m : medoids) nearest = std::min(nearest, distances(i, m));
    return nearest;
  };
  while (medoids.size() < count) {
    Index farthest = n;
    for (Index i = 0; i < n; ++i) {
      if (std::find(medoids.begin(), medoids.end(), i) != medoids.end()) continue;
      if (farthest == n || to_nearest(i) > to_nearest(farthest)) farthest = i;
    }
    medoids.push_back(farthest);
  }
  std::sort(medoids.begin(), medoids.end());
  for (int iteration = 0; iteration < iterations; ++iteration) {
    std::vector<Index> updated;
    for (std::size_t c = 0; c < medoids.size(); ++c) {
      std::vector<Index> members;
      for (Index i = 0; i < n; ++i) {
        std::size_t nearest = 0;
        for (std::size_t m = 1; m < medoids.size(); ++m) {
          if (distances(i, medoids[m]) < distances(i, medoids[nearest])) nearest = m;
        }
        const auto own = std::find(medoids.begin(), medoids.end(), i);
        if (own != medoids.end()) nearest = static_cast<std::size_t>(own - medoids.begin());
        if (nearest == c) members.push_back(i);
      }
      double smallest = std::numeric_limits<double>::infinity();
      Index best = members.front();
      for (const Index candidate : members) {
        double sum = 0;
        for (const Index member : members) sum += distances(candidate, member);
        if (sum < smallest) {
          smallest = sum;
          best = candidate;
        }
      }
      updated.push_back(best);
    }
    std::sort(updated.begin(), updated.end());
    if (updated == medoids) break;
    medoids = updated;
  }
  return medoids;
}

}  // namespace goldpan::reference
