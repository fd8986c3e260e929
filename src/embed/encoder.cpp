#include <cstring>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>
#include <goldpan/core/safetensors.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/embed/encoder.hpp>

namespace goldpan {

void Encoder::encode_maps(std::span<const Image>, std::span<float>, Workers&) const {
  throw Error(name(), "has no feature map; a network's is named by `map` in its FILE.toml");
}

void Encoder::fit_rows(MatrixView<const float>, std::span<const Index>, Workers&) {
  throw Error(name(), "projects no other encoder's rows");
}

void Encoder::project(MatrixView<const float>, MatrixView<float>, Workers&) const {
  throw Error(name(), "projects no other encoder's rows");
}

void Encoder::restore(const std::map<std::string, Matrix<float>>& learned) {
  if (!learned.empty()) {
    throw Error(name(), "learns nothing, got '" + learned.begin()->first + "' to restore");
  }
}

std::string hash_of_learned(const std::map<std::string, Matrix<float>>& learned) {
  Sha256 hash;
  for (const auto& [name, values] : learned) {
    hash.update(name + " " + std::to_string(values.rows()) + "x" + std::to_string(values.cols()) +
                "\n");
    hash.update(std::as_bytes(std::span(values.data(), values.size())));
  }
  return hash.hex();
}

void write_learned(const std::filesystem::path& path, const Encoder& encoder) {
  const auto learned = encoder.learned();
  std::vector<StoredTensor> tensors;
  for (const auto& [name, values] : learned) {
    tensors.push_back({name,
                       "F32",
                       {values.rows(), values.cols()},
                       std::as_bytes(std::span(values.data(), values.size()))});
  }
  write_safetensors(path, tensors, {{"encoder", encoder.description()}});
}

std::map<std::string, Matrix<float>> read_learned(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  std::map<std::string, Matrix<float>> learned;
  for (const StoredTensor& tensor : file.tensors()) {
    if (tensor.type != "F32" || tensor.shape.size() != 2) {
      throw Error(path.string(), "has '" + tensor.name + "' of " + tensor.type + " " +
                                     describe_shape(tensor.shape) + ", expected float32 rows");
    }
    Matrix<float> values(tensor.shape[0], tensor.shape[1]);
    if (!tensor.bytes.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    learned.emplace(tensor.name, std::move(values));
  }
  return learned;
}

}  // namespace goldpan
