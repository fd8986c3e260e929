#include "arrays.hpp"

#include <numeric>
#include <string>

namespace nb = nanobind;

goldpan::Embeddings as_embeddings(const AnyArray& array, const char* name) {
  if (array.ndim() != 2) {
    throw nb::value_error(("[" + std::string(name) + "] got " + std::to_string(array.ndim()) +
                           " dimensions, expected 2: a row an item")
                              .c_str());
  }
  const std::size_t rows = array.shape(0), cols = array.shape(1);
  if (array.dtype() == nb::dtype<float>()) {
    return goldpan::MatrixView(static_cast<const float*>(array.data()), rows, cols);
  }
  constexpr auto kFloat = static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float);
  if (array.dtype().code == kFloat && array.dtype().bits == 16 && array.dtype().lanes == 1) {
    return goldpan::MatrixView(static_cast<const goldpan::Half*>(array.data()), rows, cols);
  }
  throw nb::value_error(
      ("[" + std::string(name) + "] got another type, expected float32 or float16").c_str());
}

std::vector<goldpan::Index> all_rows(std::size_t count) {
  std::vector<goldpan::Index> rows(count);
  std::iota(rows.begin(), rows.end(), goldpan::Index{0});
  return rows;
}
