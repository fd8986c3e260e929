#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace goldpan {

/// A row of the pool: 32 bits hold four billion frames and halve the index lists of a large pool.
using Index = std::uint32_t;

/// A view of a row-major matrix whose rows are contiguous. Owns nothing.
template <typename T>
class MatrixView {
 public:
  MatrixView() = default;
  MatrixView(T* data, std::size_t rows, std::size_t cols) : data_(data), rows_(rows), cols_(cols) {}
  /// A view of mutable values is also a view of constant ones.
  template <typename U>
  requires(std::is_same_v<const U, T> && !std::is_same_v<U, T>) MatrixView(
      MatrixView<U> other)  // NOLINT(google-explicit-constructor): as span<T> to span<const T>
      : data_(other.data()), rows_(other.rows()), cols_(other.cols()) {}

  T* data() const { return data_; }
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t size() const { return rows_ * cols_; }
  bool empty() const { return size() == 0; }

  std::span<T> row(std::size_t i) const {
    assert(i < rows_);
    return {data_ + i * cols_, cols_};
  }
  T& operator()(std::size_t i, std::size_t j) const {
    assert(i < rows_ && j < cols_);
    return data_[i * cols_ + j];
  }
  /// Rows [begin, end).
  MatrixView rows_between(std::size_t begin, std::size_t end) const {
    assert(begin <= end && end <= rows_);
    return {data_ + begin * cols_, end - begin, cols_};
  }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

/// Throws the Error of a matrix for which there is no memory.
[[noreturn]] void throw_too_large(std::size_t rows, std::size_t cols, std::size_t value_bytes);

/// A row-major matrix that owns its values; zero-filled when made.
template <typename T>
class Matrix {
 public:
  Matrix() = default;
  /// Throws Error naming the shape where there is not enough memory for it.
  Matrix(std::size_t rows, std::size_t cols) try
      : values_(count_of(rows, cols)), rows_(rows), cols_(cols) {
  } catch (const std::bad_alloc&) {
    throw_too_large(rows, cols, sizeof(T));
  } catch (const std::length_error&) {
    throw_too_large(rows, cols, sizeof(T));
  }

  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }

  MatrixView<T> view() { return {data(), rows_, cols_}; }
  MatrixView<const T> view() const { return {data(), rows_, cols_}; }
  operator MatrixView<T>() { return view(); }              // NOLINT(google-explicit-constructor)
  operator MatrixView<const T>() const { return view(); }  // NOLINT(google-explicit-constructor)

  std::span<T> row(std::size_t i) { return view().row(i); }
  std::span<const T> row(std::size_t i) const { return view().row(i); }
  T& operator()(std::size_t i, std::size_t j) { return view()(i, j); }
  const T& operator()(std::size_t i, std::size_t j) const { return view()(i, j); }

 private:
  static std::size_t count_of(std::size_t rows, std::size_t cols) {
    std::size_t count = 0;
    if (__builtin_mul_overflow(rows, cols, &count)) throw std::bad_alloc();
    return count;
  }

  std::vector<T> values_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

}  // namespace goldpan
