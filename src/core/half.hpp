#pragma once

#include <cstddef>

#include <goldpan/core/embeddings.hpp>

namespace goldpan {

/// to_float of `count` values, in vectors.
void to_float(const Half* from, std::size_t count, float* to);

}  // namespace goldpan
