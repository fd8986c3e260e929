#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// The file of an array's name: `file.npz` of "file.npz:probs", the name itself of others.
std::filesystem::path array_file(const std::filesystem::path& name);

/// A NumPy `.npy` file (format versions 1 to 3), mapped, not copied. Or an array in a `.npz` file
/// (mapped where it is stored at an even offset, else copied or unpacked) or a `.pt` file of plain
/// tensors (whose pickle is read, never run): the only one there is, or the one that is named
/// behind a colon, "file.npz:probs".
///
/// Opening throws Error, naming the file and what is wrong, for a bad magic or header, an unknown
/// type, a shape whose size overflows, or fewer bytes than the shape asks for. What looks at the
/// values in place (embeddings(), matrix()) throws for big-endian values and Fortran order, with
/// the line of Python that cures it; NpyFloats converts them.
class NpyFile {
 public:
  explicit NpyFile(const std::filesystem::path& path);

  const std::vector<std::size_t>& shape() const { return shape_; }
  /// NumPy's type string without its byte order: "f4", "f2", "f8", "i8", "u1", "b1", ...
  const std::string& type() const { return type_; }
  /// As it was named, "file.npz:probs".
  const std::filesystem::path& path() const { return path_; }
  bool big_endian() const { return big_endian_; }
  /// Column-major: the first index changes fastest.
  bool fortran_order() const { return fortran_order_; }
  /// The values' bytes, in the order and byte order of the file.
  std::span<const std::byte> values() const { return values_; }

  /// The array as N x D embeddings. Throws unless it is 2-d float32 or float16.
  Embeddings embeddings() const;
  /// The array as a 2-d float32 matrix. Throws unless it is one.
  MatrixView<const float> matrix() const;
  /// "shape (3, 2) and type f8, big-endian, Fortran order", for messages.
  std::string description() const;
  /// A 1-d array of any integer type (or bool). Throws on other types and shapes, and on values
  /// outside int64.
  std::vector<std::int64_t> integers() const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::shared_ptr<const std::vector<std::byte>> unpacked_;  // null: the values lie in the file
  std::span<const std::byte> values_;
  std::vector<std::size_t> shape_;
  std::string type_;
  bool big_endian_ = false;
  bool fortran_order_ = false;

  void parse(std::span<const std::byte> bytes);
  void open_npz(std::string_view member);
  void open_torch(std::string_view name);
  void align();
  bool is_aligned() const;
  void require_in_place(const char* expected) const;
};

/// The numbers of a `.npy` file of any real type, byte order and axis order as float32: the file
/// itself where it holds just that, else a converted copy, made row by row, so that no more than
/// the result is in memory. float64 beyond float's range becomes infinite, which whoever reads it
/// refuses by row.
class NpyFloats {
 public:
  /// Throws Error as NpyFile does; for other than `dimensions` dimensions; for an array without
  /// values; and for more rows (the second-last axis) than Index counts. `expected` is the shape
  /// for messages: "N x C".
  NpyFloats(const std::filesystem::path& path, std::size_t dimensions, const char* expected);

  const NpyFile& file() const { return file_; }
  const std::vector<std::size_t>& shape() const { return file_.shape(); }
  /// Whether the values are a converted copy.
  bool converted() const { return !copy_.empty(); }
  /// All values, row-major.
  std::span<const float> values() const;
  /// Requires: two dimensions.
  MatrixView<const float> matrix() const;

 private:
  NpyFile file_;
  std::vector<float> copy_;
};

/// Embeddings from a `.npy` file: as NpyFloats, but float16 in C order stays what it is.
class NpyEmbeddings {
 public:
  explicit NpyEmbeddings(const std::filesystem::path& path);

  Embeddings embeddings() const;
  bool converted() const { return floats_ && floats_->converted(); }

 private:
  std::optional<NpyFile> halves_;
  std::optional<NpyFloats> floats_;
};

/// Header of a version 1.0 `.npy` file for this type ("<f4", "<i8", ...) and shape, padded to 64
/// bytes.
std::string npy_header(std::string_view type, const std::vector<std::size_t>& shape);

/// Writes a float32 matrix as `.npy` in one step (see write_file).
void write_npy(const std::filesystem::path& path, MatrixView<const float> values);

}  // namespace goldpan
