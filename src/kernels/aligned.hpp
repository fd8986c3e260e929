#pragma once

#include <cstddef>
#include <new>

#include <hwy/aligned_allocator.h>

namespace goldpan {

/// Room for `count` values, aligned for vectors, not initialised. Throws std::bad_alloc where
/// Highway's own function returns null, which kernels would write to.
template <typename T>
hwy::AlignedFreeUniquePtr<T[]> aligned_array(std::size_t count) {
  auto values = hwy::AllocateAligned<T>(count);
  if (!values && count > 0) throw std::bad_alloc();
  return values;
}

}  // namespace goldpan
