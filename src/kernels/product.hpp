#pragma once

#include <cstddef>

namespace goldpan {

/// A float matrix by address and strides, either of which may be 1: a matrix or its transpose.
struct StridedMatrix {
  const float* data;
  std::size_t row_stride;
  std::size_t col_stride;
};

/// out (rows x cols, row-major, `out_stride` floats from row to row) = alpha * a * b + beta * out,
/// over `depth` products an element. With beta 0 `out` is not read. On one thread, and safe to call
/// from several.
///
/// An element's terms are added in an order that depends on `depth` alone, so that its value does
/// not depend on the shape of the product that it is a part of, nor on how work was cut for
/// threads.
void strided_product(std::size_t rows, std::size_t cols, std::size_t depth, StridedMatrix a,
                     StridedMatrix b, float* out, std::size_t out_stride, float alpha, float beta);

}  // namespace goldpan
