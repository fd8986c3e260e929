#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/core/files.hpp>

namespace goldpan {

/// A tensor of a safetensors file: its values lie in the mapping, row-major, little-endian, at any
/// alignment.
struct StoredTensor {
  std::string name;
  /// The format's name of the type: "F32", "F16", "BF16", "I64", "U8", ...
  std::string type;
  std::vector<std::size_t> shape;
  std::span<const std::byte> bytes;
};

/// A safetensors file (the format in which weights of networks are published), mapped, not copied.
///
/// Opening throws Error, naming the file and the tensor, unless: the header fits into the file, is
/// JSON and names each tensor once; every type is known; every shape takes exactly the bytes that
/// its offsets span; and the tensors tile the rest of the file without a hole or an overlap.
/// Nothing is allocated before the file is seen to be long enough for it.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  /// All tensors, in the order of their names.
  const std::vector<StoredTensor>& tensors() const { return tensors_; }
  /// What the writer noted: text by name.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// The tensor, or null if the file has none of that name.
  const StoredTensor* find(std::string_view name) const;
  /// The tensor. Throws Error naming file and tensor if it is missing or has another shape.
  const StoredTensor& at(std::string_view name, const std::vector<std::size_t>& shape) const;
  /// A copy of the values as float32. Throws Error unless the type is F32, F16 or BF16.
  std::vector<float> floats(const StoredTensor& tensor) const;

 private:
  MappedFile file_;
  std::vector<StoredTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// Writes the tensors in the order given, in one step (see write_file). Throws Error if a name
/// comes twice, a type is unknown, or bytes and shape disagree.
void write_safetensors(const std::filesystem::path& path, std::span<const StoredTensor> tensors,
                       const std::map<std::string, std::string>& metadata = {});

/// "[2, 3]", for messages.
std::string describe_shape(std::span<const std::size_t> shape);

}  // namespace goldpan
