#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace goldpan {

// Sums of what a row adds to a coverage function: sum_x w(x) max(0, k(u, x) - reached(x)).
//
// Each term is rounded to a whole number of units of 2^-30 and whole numbers are added, so that a
// sum does not depend on the order of its terms: it may be cut for threads, taken from a list of
// the terms above zero, or be changed term by term, and stays the same to the last bit. A term only
// falls as reached(x) rises, rounded or not: a sum computed earlier is an upper bound.
// Similarities are multiples of 2^-24, so that their differences are exact and, where all weights
// are 1, so are the terms: two rows that cover only each other tie, as they should.

/// Similarities are counted in vectors of so many: buffers have this multiple of places, and the
/// places beyond the last row have weight 0 and have reached 2.
inline constexpr std::size_t kCoverageLanes = 16;
inline constexpr double kCoverageUnit = 0x1p-30;

constexpr std::size_t padded_places(std::size_t places) {
  return (places + kCoverageLanes - 1) / kCoverageLanes * kCoverageLanes;
}

/// row[j] = max(0, own_norm + norms[j] - 2 row[j]): products become squared distances. Returns
/// whether any is below `near`, where the difference has lost its digits.
/// Requires here and below: sizes are multiples of kCoverageLanes.
bool squared_distances_of_products(std::span<float> row, float own_norm, const float* norms,
                                   float near);
/// row[j] = e^(-scale row[j]), to the nearest multiple of 2^-24.
void gaussian_of_squared_distances(std::span<float> row, float scale);
/// row[j] = min(most, slopes[j % columns] row[j] + offsets[j % columns]), for rows of `columns` one
/// after the other. Requires: columns is a multiple of kCoverageLanes.
void lines_of_products(std::span<float> rows, const float* slopes, const float* offsets,
                       std::size_t columns, float most);
/// row[j] = (1 + row[j]) / 2, cut to [0, 1], to the nearest multiple of 2^-24.
void similarity_of_products(std::span<float> row);

/// reached[j] = max(reached[j], similarities[j]).
void raise_reached(std::span<const float> similarities, float* reached);

/// One term, in units of 2^-30.
std::int32_t coverage_term(float similarity, float reached, float weight);
/// The sum of a row's terms.
std::int64_t coverage_gain(std::span<const float> similarities, const float* reached,
                           const float* weights);
/// The same similarities seen from the other side: adds the term of one row, which has reached
/// `reached` and weighs `weight`, to the sum of each column, as low[j] + 2^15 high[j].
/// At most 2^16 calls between two times of emptying the sums.
void add_coverage_terms(std::span<const float> similarities, float reached, float weight,
                        std::uint32_t* low, std::uint32_t* high);
/// Writes the places j with similarities[j] > reached[j], ascending, to `out`, which has room for
/// all, and returns how many there are.
std::size_t places_above(std::span<const float> similarities, const float* reached,
                         std::uint32_t* out);
/// The same for one value reached by all.
std::size_t places_above(std::span<const float> similarities, float reached, std::uint32_t* out);

}  // namespace goldpan
