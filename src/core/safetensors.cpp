#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/safetensors.hpp>

namespace goldpan {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMostHeaderBytes = 100'000'000;  // the format's own limit
constexpr std::string_view kMetadata = "__metadata__";

/// Bytes of a value, or 0 for an unknown type.
std::size_t bytes_per_value(std::string_view type) {
  if (type == "BOOL" || type == "U8" || type == "I8" || type == "F8_E4M3" || type == "F8_E5M2") {
    return 1;
  }
  if (type == "U16" || type == "I16" || type == "F16" || type == "BF16") return 2;
  if (type == "U32" || type == "I32" || type == "F32") return 4;
  if (type == "U64" || type == "I64" || type == "F64") return 8;
  return 0;
}

/// Where an error in this tensor is: "model.safetensors, tensor a.weight".
std::string place(const std::filesystem::path& path, std::string_view tensor) {
  return path.string() + ", tensor " + std::string(tensor);
}

/// The bytes that type and shape ask for. Throws for an unknown type or an impossible shape.
std::size_t bytes_needed(const std::string& type, std::span<const std::size_t> shape,
                         const std::string& where) {
  std::size_t bytes = bytes_per_value(type);
  if (bytes == 0) throw Error(where, "has the unknown type '" + type + "'");
  for (const std::size_t length : shape) {
    if (__builtin_mul_overflow(bytes, length, &bytes)) {
      throw Error(where, "claims the impossible shape " + describe_shape(shape));
    }
  }
  return bytes;
}

json parse_header(std::string_view text, const std::string& where) {
  // Of two members with one name a JSON object keeps the last; two tensors of one name are a
  // contradiction that nobody should overlook.
  std::set<std::string> names;
  const auto refuse_repeated = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::key && depth == 1 &&
        !names.insert(parsed.get<std::string>()).second) {
      throw Error(where, "names tensor " + parsed.get<std::string>() + " twice");
    }
    return true;
  };
  try {
    json header = json::parse(text, refuse_repeated);
    if (!header.is_object()) throw Error(where, "the header is not a JSON object");
    return header;
  } catch (const json::parse_error& error) {
    throw Error(where + ", byte " + std::to_string(kLengthBytes + error.byte),
                "the safetensors header is not JSON");
  }
}

std::vector<std::size_t> sizes_of(const json& entry, const char* key, const std::string& where) {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_array()) {
    throw Error(where, "has no list '" + std::string(key) + "'");
  }
  std::vector<std::size_t> sizes;
  for (const json& size : *found) {
    if (!size.is_number_unsigned()) {
      throw Error(where, "has a '" + std::string(key) + "' that is not a list of sizes");
    }
    sizes.push_back(size.get<std::size_t>());
  }
  return sizes;
}

StoredTensor read_entry(const std::string& name, const json& entry, std::span<const std::byte> data,
                        const std::string& where) {
  if (!entry.is_object()) throw Error(where, "is not described by a JSON object");
  const auto type = entry.find("dtype");
  if (type == entry.end() || !type->is_string()) throw Error(where, "has no 'dtype'");
  StoredTensor tensor{name, type->get<std::string>(), sizes_of(entry, "shape", where),
                      std::span<const std::byte>{}};
  const std::vector<std::size_t> offsets = sizes_of(entry, "data_offsets", where);
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    throw Error(where, "has 'data_offsets' that are not a begin and an end");
  }
  const std::size_t needed = bytes_needed(tensor.type, tensor.shape, where);
  if (offsets[1] - offsets[0] != needed) {
    throw Error(where, "takes " + std::to_string(offsets[1] - offsets[0]) +
                           " bytes by its offsets, but " + std::to_string(needed) +
                           " by its shape " + describe_shape(tensor.shape) + " of " + tensor.type);
  }
  if (offsets[1] > data.size()) {
    throw Error(where, "the file is truncated: the tensor ends at byte " +
                           std::to_string(offsets[1]) + " of the values, of which there are " +
                           std::to_string(data.size()));
  }
  tensor.bytes = data.subspan(offsets[0], needed);
  return tensor;
}

/// The tensors must tile the values: else bytes are shared by two tensors or belong to none.
void check_tiling(const std::vector<StoredTensor>& tensors, std::span<const std::byte> data,
                  const std::filesystem::path& path) {
  std::vector<const StoredTensor*> order;
  for (const StoredTensor& tensor : tensors) order.push_back(&tensor);
  std::ranges::sort(order, {}, [](const StoredTensor* tensor) {
    return std::pair(tensor->bytes.data(), tensor->bytes.size());
  });
  const std::byte* at = data.data();
  for (const StoredTensor* tensor : order) {
    if (tensor->bytes.data() != at) {
      throw Error(place(path, tensor->name),
                  tensor->bytes.data() < at ? "overlaps the tensor before it"
                                            : "leaves a hole between it and the tensor before it");
    }
    at += tensor->bytes.size();
  }
  const auto rest = static_cast<std::size_t>(data.data() + data.size() - at);
  if (rest > 0) {
    throw Error(path.string(), "has " + std::to_string(rest) + " bytes behind the last tensor");
  }
}

float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

template <typename Stored, typename Convert>
std::vector<float> convert(std::span<const std::byte> bytes, Convert to) {
  std::vector<float> values(bytes.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = to(stored);
  }
  return values;
}

}  // namespace

std::string describe_shape(std::span<const std::size_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  return text + "]";
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(path) {
  const std::string where = path.string();
  const auto bytes = file_.bytes();
  std::uint64_t header_bytes = 0;
  if (bytes.size() >= kLengthBytes) std::memcpy(&header_bytes, bytes.data(), kLengthBytes);
  if (bytes.size() < kLengthBytes + 2 || header_bytes < 2 ||
      bytes[kLengthBytes] != std::byte{'{'}) {
    throw Error(where, "is not a safetensors file (no header where one belongs)");
  }
  if (header_bytes > kMostHeaderBytes || header_bytes > bytes.size() - kLengthBytes) {
    throw Error(where, "claims a header of " + std::to_string(header_bytes) +
                           " bytes, which the file of " + std::to_string(bytes.size()) +
                           " bytes cannot hold");
  }
  const auto data = bytes.subspan(kLengthBytes + header_bytes);
  const json header = parse_header(
      {reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, header_bytes}, where);
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadata) {
      if (!entry.is_object()) throw Error(where, "has a __metadata__ that is not a JSON object");
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string()) throw Error(where, "has a __metadata__ that is not text");
        metadata_.emplace(key, value.get<std::string>());
      }
      continue;
    }
    tensors_.push_back(read_entry(name, entry, data, place(path, name)));
  }
  std::ranges::sort(tensors_, {}, &StoredTensor::name);
  check_tiling(tensors_, data, path);
}

const StoredTensor* SafetensorsFile::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(tensors_, name, {}, &StoredTensor::name);
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

const StoredTensor& SafetensorsFile::at(std::string_view name,
                                        const std::vector<std::size_t>& shape) const {
  const StoredTensor* const tensor = find(name);
  if (tensor == nullptr) {
    throw Error(place(path(), name), "is missing, expected shape " + describe_shape(shape));
  }
  if (tensor->shape != shape) {
    throw Error(place(path(), name), "has shape " + describe_shape(tensor->shape) + ", expected " +
                                         describe_shape(shape));
  }
  return *tensor;
}

std::vector<float> SafetensorsFile::floats(const StoredTensor& tensor) const {
  if (tensor.type == "F32") {
    return convert<float>(tensor.bytes, [](float value) { return value; });
  }
  if (tensor.type == "F16") return convert<Half>(tensor.bytes, to_float);
  if (tensor.type == "BF16") return convert<std::uint16_t>(tensor.bytes, from_bfloat16);
  throw Error(place(path(), tensor.name),
              "has type " + tensor.type + ", expected F32, F16 or BF16");
}

void write_safetensors(const std::filesystem::path& path, std::span<const StoredTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  json header = json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::size_t end = 0;
  for (const StoredTensor& tensor : tensors) {
    const std::string where = place(path, tensor.name);
    if (header.contains(tensor.name)) throw Error(where, "comes twice");
    const std::size_t needed = bytes_needed(tensor.type, tensor.shape, where);
    if (tensor.bytes.size() != needed) {
      throw Error(where, "has " + std::to_string(tensor.bytes.size()) + " bytes, expected " +
                             std::to_string(needed) + " for shape " + describe_shape(tensor.shape));
    }
    header[tensor.name] = {
        {"dtype", tensor.type}, {"shape", tensor.shape}, {"data_offsets", {end, end + needed}}};
    end += needed;
  }
  std::string text = header.dump();
  // Values begin at a multiple of 8, so that readers may map them.
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();
  std::string content(kLengthBytes, '\0');
  std::memcpy(content.data(), &length, kLengthBytes);
  content += text;
  content.reserve(content.size() + end);
  for (const StoredTensor& tensor : tensors) {
    content.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  }
  write_file(path, content);
}

}  // namespace goldpan
