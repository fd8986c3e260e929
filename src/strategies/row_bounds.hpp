#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>

#include "kernels/quantized.hpp"
#include "strategies/sketched_rows.hpp"

namespace goldpan {

/// What lower bounds of distances need to know of up to kSketchBlock candidates: their sketches, or
/// the whole rows in integers.
struct BlockBounds {
  std::optional<SketchedBlock> sketch;
  std::optional<QuantizedBlock> whole;
};

/// Lower bounds of the distances between blocks of candidates and a growing list of centers.
///
/// By quantised rows where the processor multiplies bytes fast (kernels/quantized.hpp): those bound
/// well whatever the spectrum. By sketches elsewhere.
class CenterBounds {
 public:
  /// Directions or centre come from a sample of the candidates. `directions`: of a sketch.
  CenterBounds(const Embeddings& embeddings, std::span<const Index> candidates,
               std::size_t directions, std::size_t capacity);
  CenterBounds(const CenterBounds&) = delete;  // its rows point at its map
  CenterBounds& operator=(const CenterBounds&) = delete;

  bool quantized() const { return whole_.has_value(); }
  /// The sketches' map. Requires: !quantized().
  const Sketch& sketch() const { return sketches_->sketch; }
  /// Memory of one block.
  std::size_t block_bytes() const;

  /// The bounds of up to kSketchBlock candidates; `rows` is overwritten.
  std::unique_ptr<BlockBounds> block(MatrixView<float> rows) const;

  /// Takes `rows` as the centers from `begin` on.
  void add(std::size_t begin, MatrixView<const float> rows);
  /// Takes candidate i of the block as center number `center`.
  void add(std::size_t center, const BlockBounds& block, std::size_t i);

  /// out[c * kSketchBlock + i] for the centers [first, last), as sketch_products.
  void products(const BlockBounds& block, std::size_t first, std::size_t last, float* out) const;

  /// What a product must exceed for its center to be possibly within `distance` of candidate i.
  float limit(const BlockBounds& block, std::size_t i, float distance) const;

 private:
  Quantizer quantizer_;
  std::optional<QuantizedRows> whole_;
  std::optional<CenterSketches> sketches_;
};

}  // namespace goldpan
