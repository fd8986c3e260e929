#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>

// NumPy arrays as the engine's views, without a copy, and its results as NumPy arrays that own
// them.

/// Any array that the engine may read: in place, in C order, never written to.
using AnyArray = nanobind::ndarray<nanobind::ro, nanobind::c_contig, nanobind::device::cpu>;
template <typename T, int Dimensions>
using Array = nanobind::ndarray<const T, nanobind::ndim<Dimensions>, nanobind::c_contig,
                                nanobind::device::cpu>;
template <typename T>
using NewArray = nanobind::ndarray<nanobind::numpy, T>;

/// Throws ValueError unless the array is N x D float32 or float16.
goldpan::Embeddings as_embeddings(const AnyArray& array, const char* name);

template <typename T>
goldpan::MatrixView<const T> as_matrix(const Array<T, 2>& array) {
  return {array.data(), array.shape(0), array.shape(1)};
}
template <typename T>
std::span<const T> as_span(const Array<T, 1>& array) {
  return {array.data(), array.shape(0)};
}

/// The rows 0 to count - 1.
std::vector<goldpan::Index> all_rows(std::size_t count);

/// A NumPy array of this shape over the vector's values, which it takes over.
template <typename T>
NewArray<T> to_numpy(std::vector<T> values, std::initializer_list<std::size_t> shape) {
  auto owned = std::make_unique<std::vector<T>>(std::move(values));
  T* const data = owned->data();
  const nanobind::capsule owner(
      owned.release(), [](void* vector) noexcept { delete static_cast<std::vector<T>*>(vector); });
  return NewArray<T>(data, shape, owner);
}
template <typename T>
NewArray<T> to_numpy(goldpan::Matrix<T> matrix) {
  auto owned = std::make_unique<goldpan::Matrix<T>>(std::move(matrix));
  T* const data = owned->data();
  const std::size_t rows = owned->rows(), cols = owned->cols();
  const nanobind::capsule owner(owned.release(), [](void* pointer) noexcept {
    delete static_cast<goldpan::Matrix<T>*>(pointer);
  });
  return NewArray<T>(data, {rows, cols}, owner);
}
