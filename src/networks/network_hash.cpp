#include <string>
#include <vector>

#include <goldpan/core/files.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/networks/network.hpp>

namespace goldpan {

std::string network_hash(const std::filesystem::path& file) {
  Sha256 hash;
  hash.update(MappedFile(file).bytes());
  std::vector<std::filesystem::path> weights;
  if (file.extension() == ".xml") {
    weights.push_back(std::filesystem::path(file).replace_extension(".bin"));
  } else {
    weights.emplace_back(file.string() + ".data");
    weights.emplace_back(file.string() + "_data");
  }
  for (const std::filesystem::path& path : weights) {
    if (std::filesystem::exists(path)) hash.update(MappedFile(path).bytes());
  }
  return hash.hex();
}

std::string describe_port_shape(std::span<const std::int64_t> shape) {
  std::string text;
  for (const std::int64_t size : shape) {
    if (!text.empty()) text += " x ";
    text += size < 0 ? std::string("?") : std::to_string(size);
  }
  return text.empty() ? "a single number" : text;
}

}  // namespace goldpan
