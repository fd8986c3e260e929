#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// A NumPy `.npy` file (format versions 1 to 3), mapped, not copied. Little-endian, C order.
///
/// Opening throws Error, naming the file and what is wrong, for a bad magic or header, Fortran
/// order, a big-endian or unknown type, a shape whose size overflows, or fewer bytes than the shape
/// asks for.
class NpyFile {
 public:
  explicit NpyFile(const std::filesystem::path& path);

  const std::vector<std::size_t>& shape() const { return shape_; }
  /// NumPy's type string without its byte order: "f4", "f2", "f8", "i8", "u1", "b1", ...
  const std::string& type() const { return type_; }
  const std::filesystem::path& path() const { return file_.path(); }
  /// The values, row-major.
  std::span<const std::byte> values() const;

  /// The array as N x D embeddings. Throws unless it is 2-d float32 or float16.
  Embeddings embeddings() const;
  /// The array as a 2-d float32 matrix. Throws unless it is one.
  MatrixView<const float> matrix() const;
  /// A 1-d array of any integer type (or bool). Throws on other types and shapes, and on values
  /// outside int64.
  std::vector<std::int64_t> integers() const;

 private:
  MappedFile file_;
  std::vector<std::size_t> shape_;
  std::string type_;
  std::size_t offset_ = 0;
};

/// Header of a version 1.0 `.npy` file for this type ("<f4", "<i8", ...) and shape, padded to 64
/// bytes.
std::string npy_header(std::string_view type, const std::vector<std::size_t>& shape);

/// Writes a float32 matrix as `.npy` in one step (see write_file).
void write_npy(const std::filesystem::path& path, MatrixView<const float> values);

}  // namespace goldpan
