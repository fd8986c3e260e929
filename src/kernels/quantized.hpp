#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <hwy/aligned_allocator.h>

#include <goldpan/core/matrix.hpp>

#include "kernels/sketch.hpp"

namespace goldpan {

// Whole rows in 8 bits a component, for lower bounds of distances where no few directions carry the
// variance (a flat spectrum) and sketches are therefore loose.
//
// A row x, relative to a centre and turned by a fixed orthogonal map that spreads its energy
// evenly, is rounded to scale * q with integers |q_k| <= 127. The rounding is known exactly, so
// that |x - y| >= |x^ - y^| - error(x) - error(y), and products of the integers are exact in any
// order and on any processor. The 8-bit instructions of newer processors (VNNI, AMX) form them 4 to
// 16 times as fast as products of floats.

/// How products of 8-bit integers are formed.
enum class IntegerUnit {
  kNone,     ///< not at all: quantized_pays() is false
  kGeneric,  ///< plain code: slow, for tests
  kVnni,     ///< AVX-512 VNNI
  kAmx,      ///< AMX tiles
};

/// The best unit that this processor and operating system offer; asked for once.
IntegerUnit best_integer_unit();

/// True where quantised products of `dims` components beat products of float sketches.
bool quantized_pays(std::size_t dims);

/// Tests run every unit that is there: the next products are formed by this one.
void use_integer_unit(IntegerUnit unit);
/// ... and by the best again.
void use_best_integer_unit();

using QuantizedBytes = hwy::AlignedFreeUniquePtr<std::int8_t[]>;

/// The map from rows to integers.
class Quantizer {
 public:
  Quantizer() = default;
  /// Distances are taken from the mean of `sample`: small numbers lose less.
  explicit Quantizer(MatrixView<const float> sample);
  /// As the rows are, around the origin.
  explicit Quantizer(std::size_t dims);

  /// Integers a row: the dimensions rounded up to a multiple of 64.
  std::size_t size() const { return size_; }

  /// Writes the integers q of x, size() of them. Returns the scale, half the squared length of
  /// scale * q, and the error, which covers all rounding.
  struct Numbers {
    float scale, half_length, error;
    std::int32_t sum;  // of the integers
  };
  Numbers quantize(std::span<const float> x, std::int8_t* out) const;

 private:
  void plan();

  std::vector<float> center_;
  std::vector<float> signs_, shifts_;  // of the components, padded: signs * x - shifts
  std::size_t size_ = 0;
  double factor_ = 1, steps_ = 0;  // of the transforms: what they leave out, and how they round
  std::size_t width_ = 0;          // of the Hadamard transforms, a power of two that divides size_
};

/// Rows one after the other, each with its numbers: the `centers` of a product.
struct QuantizedRows {
  QuantizedRows(const Quantizer& by, std::size_t capacity);

  /// Sets row `at`.
  void set(std::size_t at, std::span<const float> row);
  /// Takes note of the numbers of row `at`, which were written to it.
  void note(std::size_t at);

  std::size_t size() const { return quantizer->size(); }

  const Quantizer* quantizer;
  std::size_t capacity;
  QuantizedBytes values;  // capacity, rounded up to whole tiles, x size()
  std::vector<float> scales, half_lengths, errors;
  float largest_half_length = 0, largest_error = 0;  // of the rows set so far
};

/// Up to kSketchBlock rows side by side, as the products want them.
struct QuantizedBlock {
  explicit QuantizedBlock(const Quantizer& by);

  /// Takes up to kSketchBlock rows; the places beyond are zeros.
  void set(MatrixView<const float> rows);
  /// Takes one row, and zeros from place `i` on.
  void set(std::size_t i, std::span<const float> row);
  void clear_from(std::size_t i);
  /// Takes row `at` of `rows`, which is quantised by the same, as row i.
  void copy_from(const QuantizedRows& rows, std::size_t at, std::size_t i);
  /// Row i of the block as row `at` of `rows`, which is quantised by the same.
  void copy_to(std::size_t i, QuantizedRows& rows, std::size_t at) const;

  const Quantizer* quantizer;
  QuantizedBytes values;  // byte k of row i at (k / 4 * kSketchBlock + i) * 4 + k % 4
  float scales[kSketchBlock];
  float half_lengths[kSketchBlock];
  float errors[kSketchBlock];
  std::int32_t sums[kSketchBlock];  // of the integers of each row
};

/// out[c * kSketchBlock + i] = x_i . center_c - |center_c|^2 / 2 of the rounded rows, centers
/// [begin, end), as sketch_products; off by at most 4 * 2^-24 (|x_i|^2 + |center_c|^2).
void quantized_products(const QuantizedBlock& block, const QuantizedRows& centers,
                        std::size_t begin, std::size_t end, float* out);

/// What quantized_products must exceed for a center to be possibly within `distance` of row i, for
/// any center of `centers`. Products that are not numbers are no proof either.
float quantized_limit(const QuantizedBlock& block, std::size_t i, const QuantizedRows& centers,
                      float distance);
/// The other way round: the distance that a center with this product, or less, has at least.
float quantized_distance(const QuantizedBlock& block, std::size_t i, const QuantizedRows& centers,
                         float product);

}  // namespace goldpan
