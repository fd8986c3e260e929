#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

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

/// Rows of a pool that lie together: one file of many (see ShardedEmbeddings).
struct EmbeddingsPiece {
  std::size_t begin = 0;         ///< its first row's number in the pool
  const void* values = nullptr;  ///< row-major, of the type that all pieces have
  std::string_view name;         ///< what errors call it: its file
};

/// A read-only view of N embeddings of D dimensions, float32 or float16, row-major. Owns nothing:
/// it may look at a vector, a NumPy array, a mapped file or many of them. Rows are read as float32.
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
      : half_(values.data()), rows_(values.rows()), cols_(values.cols()), is_half_(true) {}
  /// Rows in several places, numbered through: piece i holds the rows from its `begin` to that of
  /// the next. Requires: the first begins at 0, none is empty, begins ascend, and the table lives
  /// as long as any view made of it.
  Embeddings(std::span<const EmbeddingsPiece> pieces, std::size_t rows, std::size_t cols,
             bool is_half);

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  bool empty() const { return rows_ == 0 || cols_ == 0; }
  bool is_half() const { return is_half_; }
  /// Whether all rows lie together, as as_float() and as_half() need.
  bool is_contiguous() const { return pieces_.empty(); }

  /// The float32 values. Requires: !is_half(), is_contiguous().
  MatrixView<const float> as_float() const {
    assert(!is_half() && is_contiguous());
    return {float_, rows_, cols_};
  }
  /// The float16 values. Requires: is_half(), is_contiguous().
  MatrixView<const Half> as_half() const {
    assert(is_half() && is_contiguous());
    return {half_, rows_, cols_};
  }

  /// One row where it lies. Requires: !is_half().
  std::span<const float> float_row(std::size_t row) const {
    assert(!is_half() && row < rows_);
    if (!pieces_.empty()) return {static_cast<const float*>(locate(row).values), cols_};
    return {float_ + row * cols_, cols_};
  }
  /// One row where it lies. Requires: is_half().
  std::span<const Half> half_row(std::size_t row) const {
    assert(is_half() && row < rows_);
    if (!pieces_.empty()) return {static_cast<const Half*>(locate(row).values), cols_};
    return {half_ + row * cols_, cols_};
  }
  /// What errors call a row: "row 12", or "row 12 of shards/731.npy" where it lies in one of many
  /// files.
  std::string row_name(std::size_t row) const;

  /// Copies rows [begin, begin + out.rows()) as float32. Requires: out.cols() == cols().
  void copy_rows(std::size_t begin, MatrixView<float> out) const;
  /// Copies the named rows, in their order, as float32. Requires: out is rows.size() x cols().
  void gather_rows(std::span<const Index> rows, MatrixView<float> out) const;
  /// Rows [begin, begin + count) as float32: the rows themselves where they are float32 and lie
  /// together (as one row always does), else a copy in `buffer`, which must hold count * cols()
  /// values.
  MatrixView<const float> read_rows(std::size_t begin, std::size_t count, float* buffer) const;

 private:
  struct Run {
    const void* values;
    std::size_t rows;  // from here to the end of the piece
  };
  std::size_t piece_of(std::size_t row) const;
  Run locate(std::size_t row) const;

  const float* float_ = nullptr;
  const Half* half_ = nullptr;
  std::span<const EmbeddingsPiece> pieces_;
  std::string_view name_;  // of a single piece
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  bool is_half_ = false;
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
