#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// out[i] = |row i|^2.
void squared_norms(MatrixView<const float> rows, std::span<float> out);

/// For each row of dots (points x centers, products x . c): the center with the smallest
/// |c|^2 - 2 x . c, which is the nearest, ties to the lowest, and that value: |x - c|^2 - |x|^2.
void nearest_centers(MatrixView<const float> dots, std::span<const float> center_norms,
                     std::span<std::uint32_t> nearest, std::span<float> value);

}  // namespace goldpan
