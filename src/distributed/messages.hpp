#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/matrix.hpp>

namespace goldpan::distributed {

/// Puts plain values one after another, as they lie in memory: messages live no longer than a
/// selection, among machines of one kind.
class Writer {
 public:
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  void put(const T& value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T)); }

  /// A count, then the values.
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  void put_all(std::span<const T> values) {
    put<std::uint64_t>(values.size());
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  template <typename T>
  void put_all(const std::vector<T>& values) {
    put_all(std::span<const T>(values));
  }
  void put_text(std::string_view text) { put_all(std::span(text.data(), text.size())); }

  /// The named rows in the type in which they lie.
  void put_rows(const Embeddings& embeddings, std::span<const Index> rows);
  /// The same form, from float32; as float16 where that is what the values came from, so that
  /// nothing is lost.
  void put_matrix(MatrixView<const float> values, bool as_half = false);

  /// What another Writer put, as it is.
  void put_bytes(std::string_view bytes) { bytes_.append(bytes); }

  bool empty() const { return bytes_.empty(); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what a Writer put. Throws Error where there is less than is asked for.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T get() {
    T value;
    std::memcpy(&value, next(sizeof(T)), sizeof(T));
    return value;
  }
  template <typename T>
  std::vector<T> get_all() {
    const auto count = get<std::uint64_t>();
    if (count > rest_.size() / sizeof(T)) throw Error("message", "ends too early");
    std::vector<T> values(count);
    if (count > 0) std::memcpy(values.data(), next(count * sizeof(T)), count * sizeof(T));
    return values;
  }
  std::string get_text() {
    const std::vector<char> text = get_all<char>();
    return {text.begin(), text.end()};
  }
  /// Rows of put_rows or put_matrix, as float32.
  Matrix<float> get_rows();
  /// The same, to be passed on by put_bytes.
  std::string get_rows_as_sent();
  bool finished() const { return rest_.empty(); }

 private:
  const char* next(std::size_t bytes) {
    if (bytes > rest_.size()) throw Error("message", "ends too early");
    const char* const at = rest_.data();
    rest_.remove_prefix(bytes);
    return at;
  }
  std::string_view rest_;
};

}  // namespace goldpan::distributed
