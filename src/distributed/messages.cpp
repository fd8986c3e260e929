#include "distributed/messages.hpp"

#include <limits>

#include "core/half.hpp"

namespace goldpan::distributed {

void Writer::put_rows(const Embeddings& embeddings, std::span<const Index> rows) {
  put<std::uint64_t>(rows.size());
  put<std::uint64_t>(embeddings.cols());
  put<std::uint8_t>(embeddings.is_half() ? 1 : 0);
  const std::size_t width = embeddings.is_half() ? sizeof(Half) : sizeof(float);
  bytes_.reserve(bytes_.size() + rows.size() * embeddings.cols() * width);
  for (const Index row : rows) {
    const void* const values = embeddings.is_half()
                                   ? static_cast<const void*>(embeddings.half_row(row).data())
                                   : embeddings.float_row(row).data();
    bytes_.append(static_cast<const char*>(values), embeddings.cols() * width);
  }
}

void Writer::put_matrix(MatrixView<const float> values, bool as_half) {
  put<std::uint64_t>(values.rows());
  put<std::uint64_t>(values.cols());
  put<std::uint8_t>(as_half ? 1 : 0);
  if (as_half) {
    for (std::size_t i = 0; i < values.size(); ++i) put(to_half(values.data()[i]));
    return;
  }
  bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

Matrix<float> Reader::get_rows() {
  const auto rows = get<std::uint64_t>(), cols = get<std::uint64_t>();
  const bool half = get<std::uint8_t>() != 0;
  const std::size_t width = half ? sizeof(Half) : sizeof(float);
  if (cols > 0 && rows > rest_.size() / width / cols) throw Error("message", "ends too early");
  Matrix<float> values(rows, cols);
  const char* const from = next(rows * cols * width);
  if (!half) {
    if (values.size() > 0) std::memcpy(values.data(), from, values.size() * sizeof(float));
    return values;
  }
  std::vector<Half> copy(values.size());  // the message need not be aligned
  if (!copy.empty()) std::memcpy(copy.data(), from, copy.size() * sizeof(Half));
  to_float(copy.data(), copy.size(), values.data());
  return values;
}

std::string Reader::get_rows_as_sent() {
  const std::string_view from = rest_;
  const auto rows = get<std::uint64_t>(), cols = get<std::uint64_t>();
  const std::size_t width = get<std::uint8_t>() != 0 ? sizeof(Half) : sizeof(float);
  if (cols > 0 && rows > rest_.size() / width / cols) throw Error("message", "ends too early");
  next(rows * cols * width);
  return std::string(from.substr(0, from.size() - rest_.size()));
}

}  // namespace goldpan::distributed
