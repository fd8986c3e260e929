#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <hwy/aligned_allocator.h>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>

#include "kernels/sketch.hpp"

namespace goldpan {

// Sketches of rows (kernels/sketch.hpp) in the two forms in which farthest_first compares them:
// centers one after the other, candidates in transposed blocks.

using AlignedFloats = hwy::AlignedFreeUniquePtr<float[]>;

/// Up to 1024 candidates, evenly spread.
Matrix<float> sample_of(const Embeddings& embeddings, std::span<const Index> candidates);

/// A sketch of `directions` leading directions, from an evenly spread sample of the candidates.
Sketch sketch_of_sample(const Embeddings& embeddings, std::span<const Index> candidates,
                        std::size_t directions);

/// Component k of sketch i to out[k * kSketchBlock + i], zeros where there are fewer than
/// kSketchBlock sketches. Requires: at most that many rows; out holds cols * kSketchBlock floats.
void transpose_sketches(MatrixView<const float> sketches, float* out);

/// Sketches of up to kSketchBlock candidates in the form that the sketch kernels compare.
struct SketchedBlock {
  SketchedBlock(MatrixView<const float> sketches, std::span<const float> slacks);

  /// The sketch of candidate i.
  void copy_sketch(std::size_t i, std::span<float> out) const;

  AlignedFloats values;              // as transpose_sketches writes them
  float half_lengths[kSketchBlock];  // |sketch|^2 / 2
  float slack[kSketchBlock];
};

/// Sketches of the centers so far.
struct CenterSketches {
  CenterSketches(const Sketch& by, std::size_t capacity)
      : sketch(by), values(capacity, by.size()), half_lengths(capacity) {}

  SketchCenters between(std::size_t begin, std::size_t end) const {
    return {values.row(begin).data(), half_lengths.data() + begin, end - begin};
  }

  /// Sketches `rows`, the centers from `begin` on.
  void add(std::size_t begin, MatrixView<const float> rows);
  /// Takes note of the sketch that was written to values.row(center).
  void add_length(std::size_t center, float slack);

  const Sketch sketch;
  Matrix<float> values;
  std::vector<float> half_lengths;  // |sketch|^2 / 2
  float largest_slack = 0;
  float largest_half_length = 0;
};

}  // namespace goldpan
