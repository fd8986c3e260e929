#pragma once

#include <cmath>
#include <cstddef>

namespace goldpan::reference {

/// The definition of kernels/distance.hpp, word by word.
inline float squared_distance(const float* a, const float* b, std::size_t dims) {
  float sums[32] = {};
  for (std::size_t i = 0; i < dims; ++i) {
    const float difference = a[i] - b[i];
    sums[i % 32] = std::fma(difference, difference, sums[i % 32]);
  }
  for (std::size_t half = 16; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

inline double squared_distance_double(const float* a, const float* b, std::size_t dims) {
  double sum = 0;
  for (std::size_t i = 0; i < dims; ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    sum += difference * difference;
  }
  return sum;
}

}  // namespace goldpan::reference
