#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// IEEE 754 half precision, as it lies in a float16 `.npy` file. Arithmetic happens in float.
struct Half {
  std::uint16_t bits = 0;
};

float to_float(Half value);
/// Rounds to nearest, ties to even; overflows to infinity.
Half to_half(float value);

/// A read-only view of N embeddings of D dimensions, float32 or float16, row-major. Owns nothing:
/// it may look at a vector, a NumPy array or a mapped file. Rows are read as float32.
class Embeddings {
 public:
  Embeddings() = default;
  // Implicit on purpose, as a span is: every function that takes embeddings takes a float matrix.
  Embeddings(MatrixView<const float> values)  // NOLINT(google-explicit-constructor)
      : float_(values.data()), rows_(values.rows()), cols_(values.cols()) {}
  Embeddings(MatrixView<float> values)  // NOLINT(google-explicit-constructor)
      : Embeddings(MatrixView<const float>(values)) {}
  Embeddings(const Matrix<float>& values)  // NOLINT(google-explicit-constructor)
      : Embeddings(values.view()) {}
  Embeddings(MatrixView<const Half> values)  // NOLINT(google-explicit-constructor)
      : half_(values.data()), rows_(values.rows()), cols_(values.cols()) {}

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  bool empty() const { return rows_ == 0 || cols_ == 0; }
  bool is_half() const { return half_ != nullptr; }

  /// The float32 values. Requires: !is_half().
  MatrixView<const float> as_float() const {
    assert(!is_half());
    return {float_, rows_, cols_};
  }
  /// The float16 values. Requires: is_half().
  MatrixView<const Half> as_half() const {
    assert(is_half());
    return {half_, rows_, cols_};
  }

  /// Copies rows [begin, begin + out.rows()) as float32. Requires: out.cols() == cols().
  void copy_rows(std::size_t begin, MatrixView<float> out) const;
  /// Copies the named rows, in their order, as float32. Requires: out is rows.size() x cols().
  void gather_rows(std::span<const Index> rows, MatrixView<float> out) const;
  /// Rows [begin, begin + count) as float32: the rows themselves where they are float32, else a
  /// copy in `buffer`, which must hold count * cols() values.
  MatrixView<const float> read_rows(std::size_t begin, std::size_t count, float* buffer) const;

 private:
  const float* float_ = nullptr;
  const Half* half_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

/// Throws Error naming `where` and the first row that holds a NaN or an infinity.
void check_finite(const Embeddings& embeddings, const char* where);

/// Between these lengths a row's square, and sums and differences of a few such squares, are floats
/// that have all their digits: what every distance, product and k-means here rests on
/// (docs/decisions/0160-lengths-that-can-be-squared.md).
inline constexpr float kLongestRow = 0x1p60f;
inline constexpr float kShortestRow = 0x1p-50f;

/// What keeps a row from being measured (a NaN, an infinity, more than kLongestRow long), as the
/// end of a sentence about the row; empty if nothing does.
std::string row_fault(std::span<const float> row);

/// Throws Error naming `where` and the first row with a row_fault(), or the longest row if that is
/// shorter than kShortestRow without being zero: all distances would be 0.
void check_magnitudes(const Embeddings& embeddings, const char* where, Workers& workers);

}  // namespace goldpan
