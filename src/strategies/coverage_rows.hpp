#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/workers.hpp>

#include "kernels/coverage.hpp"

namespace goldpan {

/// A place and how similar it is to the owner of a list.
struct Near {
  std::uint32_t place;
  float similarity;
};

/// Rows at length 1 and what products need to become distances.
struct UnitRows {
  UnitRows(const Embeddings& embeddings, std::span<const Index> rows, Workers& workers);
  /// The named rows of `all`.
  UnitRows(const UnitRows& all, std::span<const std::uint32_t> places);
  std::size_t size() const { return values.rows(); }

  Matrix<float> values;
  std::vector<float> norms;  // squared lengths, padded
};

/// Places [begin, end) of some rows.
struct PlaceRange {
  std::size_t begin, end;
  std::size_t size() const { return end - begin; }
  std::size_t padded() const { return padded_places(size()); }
};

/// Squared distances of a few rows to a range of others; out has to.padded() columns. An element
/// does not depend on what else is computed with it.
void unit_squared_distances(MatrixView<const float> rows, const float* norms,
                            const UnitRows& others, PlaceRange to, std::span<float> out);

/// Their similarities: e^(-scale d^2), or (1 + cosine) / 2 where scale is 0.
void unit_similarities(MatrixView<const float> rows, const float* norms, const UnitRows& others,
                       PlaceRange to, float scale, std::span<float> out);

}  // namespace goldpan
