#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>

namespace goldpan::python {

namespace nb = nanobind;

// NumPy arrays as the library takes them: read-only, row-major, never copied. The Python side has made them so.
template <typename T>
using Array2d = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <typename T>
using Array1d = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using FloatArray3d = nb::ndarray<const float, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using ImageArray = nb::ndarray<const std::uint8_t, nb::ndim<4>, nb::c_contig, nb::device::cpu>;
/// float32, or float16 as unsigned 16-bit integers: NumPy's view of the same bytes.
using EmbeddingsArray = nb::ndarray<nb::ro, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

template <typename T>
MatrixView<const T> view(const Array2d<T>& array) {
  return {array.data(), array.shape(0), array.shape(1)};
}

template <typename T>
std::span<const T> view(const Array1d<T>& array) {
  return {array.data(), array.shape(0)};
}

inline Embeddings embeddings_of(const EmbeddingsArray& array) {
  if (array.dtype() == nb::dtype<float>()) {
    return MatrixView<const float>(static_cast<const float*>(array.data()), array.shape(0), array.shape(1));
  }
  return MatrixView<const Half>(static_cast<const Half*>(array.data()), array.shape(0), array.shape(1));
}

/// A NumPy array that owns the values.
template <typename T>
nb::ndarray<nb::numpy, T> to_numpy(std::vector<T> values, std::vector<std::size_t> shape) {
  auto owner = std::make_unique<std::vector<T>>(std::move(values));
  T* const data = owner->data();
  nb::capsule capsule(owner.release(),
                      [](void* pointer) noexcept { delete static_cast<std::vector<T>*>(pointer); });
  return nb::ndarray<nb::numpy, T>(data, shape.size(), shape.data(), capsule);
}

template <typename T>
nb::ndarray<nb::numpy, T> to_numpy(std::vector<T> values) {
  const std::size_t size = values.size();
  return to_numpy(std::move(values), {size});
}

}  // namespace goldpan::python
