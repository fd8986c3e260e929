#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>

namespace goldpan::label {

/// Overlapping Gaussian clouds, one a class.
struct Clouds {
  Matrix<float> embeddings;
  std::vector<std::int32_t> labels;
};
inline Clouds make_clouds(std::size_t items, std::size_t dim, std::size_t classes, double distance,
                          std::uint64_t seed) {
  Generator generator(seed);
  Clouds clouds;
  clouds.embeddings = Matrix<float>(items, dim);
  for (std::size_t i = 0; i < items; ++i) {
    const auto label = static_cast<std::int32_t>(generator.below(classes));
    clouds.labels.push_back(label);
    for (std::size_t j = 0; j < dim; ++j) {
      clouds.embeddings(i, j) = static_cast<float>(
          generator.normal() + (j == static_cast<std::size_t>(label) ? distance : 0));
    }
  }
  return clouds;
}

inline std::vector<std::string> names(const char* stem, std::size_t count) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(stem + std::to_string(i));
  return result;
}

}  // namespace goldpan::label
