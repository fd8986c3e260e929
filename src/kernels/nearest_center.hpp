#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// For each row of dots (points x centers, products x . c): the center with the smallest
/// |c|^2 - 2 x . c, which is the nearest, ties to the lowest, and that value: |x - c|^2 - |x|^2.
void nearest_centers(MatrixView<const float> dots, std::span<const float> center_norms,
                     std::span<std::uint32_t> nearest, std::span<float> value);

/// Writes the centers with |c|^2 - 2 x . c <= limit, ascending, to `out`, which has room for all,
/// and returns how many there are; dots holds the products x . c of one row.
std::size_t centers_within(std::span<const float> dots, std::span<const float> center_norms,
                           float limit, std::span<std::uint32_t> out);

}  // namespace goldpan
