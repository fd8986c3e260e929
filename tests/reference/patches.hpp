#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/imaging/image.hpp>

/// Coates, Ng & Lee 2011 as one would write it down, in double precision.
namespace goldpan::reference {

/// The 6 x 6 patch at (x, y), normalised for brightness and contrast.
inline std::vector<double> patch(const Image& image, int x, int y) {
  std::vector<double> values;
  for (int line = 0; line < 6; ++line) {
    for (int column = 0; column < 6; ++column) {
      for (int channel = 0; channel < 3; ++channel) {
        const int at = ((y + line) * image.width + x + column) * 3 + channel;
        values.push_back(image.pixels[static_cast<std::size_t>(at)]);
      }
    }
  }
  double mean = 0, variance = 0;
  for (const double value : values) mean += value / 108;
  for (const double value : values) variance += (value - mean) * (value - mean) / 107;
  for (double& value : values) value = (value - mean) / std::sqrt(variance + 10);
  return values;
}

/// max(0, mean distance - distance) for the distances of a point to all centers.
inline std::vector<double> triangle(const std::vector<double>& point,
                                    MatrixView<const float> centers) {
  std::vector<double> distances;
  double mean = 0;
  for (std::size_t c = 0; c < centers.rows(); ++c) {
    double squared = 0;
    for (std::size_t k = 0; k < point.size(); ++k) {
      squared += (point[k] - centers(c, k)) * (point[k] - centers(c, k));
    }
    distances.push_back(std::sqrt(squared));
    mean += distances.back() / static_cast<double>(centers.rows());
  }
  for (double& distance : distances) distance = std::max(0.0, mean - distance);
  return distances;
}

/// Square roots of the mean activations in the upper left, upper right, lower left and lower right
/// quadrant, K each. A column of patches in the middle counts half for left and half for right.
inline std::vector<std::vector<double>> quadrants(const Image& image,
                                                  MatrixView<const float> whitening,
                                                  MatrixView<const float> centers) {
  const int columns = image.width - 5, rows = image.height - 5;
  std::vector<std::vector<double>> sums(4, std::vector<double>(centers.rows(), 0.0));
  std::vector<double> weights(4, 0.0);
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const std::vector<double> raw = patch(image, x, y);
      std::vector<double> whitened(raw.size(), 0.0);
      for (std::size_t i = 0; i < raw.size(); ++i) {
        for (std::size_t k = 0; k < raw.size(); ++k) whitened[i] += whitening(i, k) * raw[k];
      }
      const std::vector<double> activations = triangle(whitened, centers);
      for (int right = 0; right < 2; ++right) {
        const int from_side = right == 1 ? columns - 1 - x : x;
        const double weight = 2 * from_side + 1 == columns ? 0.5 : 2 * from_side < columns ? 1 : 0;
        const auto quadrant = static_cast<std::size_t>((y < rows / 2 ? 0 : 2) + right);
        weights[quadrant] += weight;
        for (std::size_t c = 0; c < activations.size(); ++c) {
          sums[quadrant][c] += weight * activations[c];
        }
      }
    }
  }
  for (std::size_t q = 0; q < 4; ++q) {
    for (double& value : sums[q]) value = std::sqrt(value / weights[q]);
  }
  return sums;
}

}  // namespace goldpan::reference
