#pragma once

#include <cstddef>

namespace goldpan {

/// The squared Euclidean distance of two vectors of `dims` floats.
///
/// The order of summation is fixed whatever the processor: component i goes to partial sum i mod 32
/// by a fused multiply-add, and the 32 partial sums are folded in halves (16, 8, 4, 2, 1). So a
/// distance does not depend on when, where or next to which others it is computed, and picks that
/// compare distances do not either. (Processors without fused multiply-add round twice.)
float squared_distance(const float* a, const float* b, std::size_t dims);

}  // namespace goldpan
