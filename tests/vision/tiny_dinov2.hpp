#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <goldpan/core/random.hpp>
#include <goldpan/core/safetensors.hpp>
#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// A DINOv2 of 2 layers, 128 dimensions (2 heads), 3 x 3 positions and an MLP of 256 units, with
/// random weights of our own, of which none is at its neutral value.
class TinyDinov2 {
 public:
  TinyDinov2() {
    const Generator generator(2023);
    const auto add = [&](const std::string& name, std::vector<std::size_t> shape, double mean,
                         double deviation) {
      std::size_t count = 1;
      for (const std::size_t length : shape) count *= length;
      Generator stream = generator.stream(name);
      std::vector<float> values(count);
      for (float& value : values) value = static_cast<float>(mean + deviation * stream.normal());
      tensors.push_back({name, std::move(shape), std::move(values)});
    };
    const auto add_affine = [&](const std::string& name, std::vector<std::size_t> shape) {
      std::size_t inputs = 1;
      for (std::size_t i = 1; i < shape.size(); ++i) inputs *= shape[i];
      const std::size_t outputs = shape[0];
      add(name + ".weight", std::move(shape), 0, 1 / std::sqrt(static_cast<double>(inputs)));
      add(name + ".bias", {outputs}, 0, 0.1);
    };
    const auto add_norm = [&](const std::string& name) {
      add(name + ".weight", {128}, 1, 0.2);
      add(name + ".bias", {128}, 0, 0.1);
    };
    add("embeddings.cls_token", {1, 1, 128}, 0, 0.5);
    add("embeddings.mask_token", {1, 128}, 0, 0.5);
    add("embeddings.position_embeddings", {1, 10, 128}, 0, 0.5);
    add_affine("embeddings.patch_embeddings.projection", {128, 3, 14, 14});
    for (const char* layer : {"encoder.layer.0.", "encoder.layer.1."}) {
      const std::string at = layer;
      add_norm(at + "norm1");
      for (const char* part : {"query", "key", "value"}) {
        add_affine(at + "attention.attention." + part, {128, 128});
      }
      add_affine(at + "attention.output.dense", {128, 128});
      add(at + "layer_scale1.lambda1", {128}, 0.5, 0.2);
      add_norm(at + "norm2");
      add_affine(at + "mlp.fc1", {256, 128});
      add_affine(at + "mlp.fc2", {128, 256});
      add(at + "layer_scale2.lambda1", {128}, 0.5, 0.2);
    }
    add_norm("layernorm");
  }

  struct Tensor {
    std::string name;
    std::vector<std::size_t> shape;
    std::vector<float> values;
  };
  std::vector<Tensor> tensors;

  Tensor& at(const std::string& name) {
    for (Tensor& tensor : tensors) {
      if (tensor.name == name) return tensor;
    }
    return tensors.at(tensors.size());  // throws
  }
  void erase(const std::string& name) {
    std::erase_if(tensors, [&](const Tensor& tensor) { return tensor.name == name; });
  }
  void save(const std::filesystem::path& path) const {
    std::vector<StoredTensor> stored;
    for (const Tensor& tensor : tensors) {
      stored.push_back({tensor.name, "F32", tensor.shape, std::as_bytes(std::span(tensor.values))});
    }
    write_safetensors(path, stored);
  }
};

/// A picture of smooth waves, the same wherever it is made.
inline Image waves(int width, int height, int number) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        const int phase = x * (3 + number) + y * (5 - channel) + 40 * channel * number;
        image.pixels.push_back(static_cast<std::uint8_t>(std::abs(phase % 510 - 255)));
      }
    }
  }
  return image;
}

}  // namespace goldpan
