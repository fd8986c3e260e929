#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/core/workers.hpp>

#include "kernels/quantized.hpp"
#include "strategies/coverage_rows.hpp"

namespace goldpan {

/// Upper bounds of similarities, and with them of gains, from rows in 8 bits a component
/// (kernels/quantized.hpp): a tenth of the time of products of floats. A bound is proven: it is
/// never below the similarity that unit_similarities computes.
class CoverageScreen {
 public:
  /// Requires: quantized_pays(rows.values.cols()); the rows outlive the screen.
  CoverageScreen(const UnitRows& rows, float scale, Workers& workers);
  CoverageScreen(const CoverageScreen&) = delete;  // its rows point at its map
  CoverageScreen& operator=(const CoverageScreen&) = delete;

  /// out[i] is at least the gain of places[i], in units of coverage terms.
  void bound_gains(std::span<const std::uint32_t> places, std::span<const float> reached,
                   std::span<const float> weights, std::span<std::int64_t> out) const;

  /// lists[i]: all places on which places[i] may have a term, ascending, each with a bound of the
  /// similarity. One that would be longer than `most` is left empty and its has_many[i] set.
  void list(std::span<const std::uint32_t> places, std::span<const float> reached, std::size_t most,
            std::span<std::vector<Near>> lists, std::span<std::uint8_t> has_many) const;

 private:
  struct Line;
  struct Found;

  std::size_t blocks_of(std::size_t places) const;
  std::size_t ranges_of(std::size_t blocks) const;
  PlaceRange range(std::size_t i, std::size_t ranges) const;
  QuantizedBlock block_of(std::span<const std::uint32_t> places) const;
  std::vector<float> limits_of(std::span<const float> reached) const;
  float middle_of(std::span<const float> limits) const;
  Line line_of(const QuantizedBlock& block, std::size_t chunk, float middle) const;

  template <typename Use>
  void for_products(const QuantizedBlock& block, PlaceRange to, float middle, const Use& use) const;
  void to_similarities(std::span<float> values) const;

  Workers& workers_;
  float scale_;   // 1 / radius^2; 0: cosines
  float slack_;   // of squared distances: what rounding may have taken from them
  float middle_;  // a common distance
  Quantizer quantizer_;
  QuantizedRows rows_;
  std::vector<float> errors_;  // the largest of each chunk
};

}  // namespace goldpan
