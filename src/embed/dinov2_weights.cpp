#include "embed/dinov2_weights.hpp"

#include <cmath>
#include <set>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

using Shape = std::vector<std::size_t>;

[[noreturn]] void refuse(const SafetensorsFile& weights, const std::string& tensor,
                         const std::string& message) {
  throw Error(weights.path().string() + ", tensor " + tensor, message);
}

/// A tensor from whose shape something is learnt.
const StoredTensor& probe(const SafetensorsFile& weights, const std::string& name,
                          std::size_t dimensions, const std::string& expected) {
  const StoredTensor* const tensor = weights.find(name);
  if (tensor == nullptr) {
    refuse(weights, name,
           "is missing: these are not the weights of a DINOv2 as published on "
           "Hugging Face (facebook/dinov2-small, -base)");
  }
  if (tensor->shape.size() != dimensions) {
    refuse(weights, name, "has shape " + describe_shape(tensor->shape) + ", expected " + expected);
  }
  return *tensor;
}

std::size_t square_root(std::size_t value) {
  return static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(value))));
}

}  // namespace

std::string Dinov2Architecture::name() const {
  if (dim == 384 && layers == 12) return "dinov2_vits14";
  if (dim == 768 && layers == 12) return "dinov2_vitb14";
  if (dim == 1024 && layers == 24) return "dinov2_vitl14";
  return "dinov2_" + std::to_string(dim) + "x" + std::to_string(layers);
}

Dinov2Architecture check_dinov2_weights(const SafetensorsFile& weights) {
  Dinov2Architecture found;
  const std::string class_token = "embeddings.cls_token";
  found.dim = probe(weights, class_token, 3, "[1, 1, dimensions]").shape[2];
  if (found.dim == 0 || found.dim % kDinov2HeadDim != 0) {
    refuse(weights, class_token,
           "has " + std::to_string(found.dim) +
               " dimensions, expected a multiple of 64 (heads of 64)");
  }
  const std::string positions = "embeddings.position_embeddings";
  const std::size_t tokens = probe(weights, positions, 3, "[1, 1 + patches, dimensions]").shape[1];
  found.grid = tokens > 1 ? square_root(tokens - 1) : 0;
  if (found.grid == 0 || found.grid * found.grid + 1 != tokens) {
    refuse(weights, positions,
           "has " + std::to_string(tokens) + " positions, expected one and a square number");
  }
  found.hidden =
      probe(weights, "encoder.layer.0.mlp.fc1.weight", 2, "[hidden units, dimensions]").shape[0];
  const auto layer_name = [](std::size_t layer) {
    return "encoder.layer." + std::to_string(layer) + ".";
  };
  while (weights.find(layer_name(found.layers) + "norm1.weight") != nullptr) ++found.layers;

  std::set<std::string> known;
  const auto expect = [&](const std::string& name, const Shape& shape) {
    const StoredTensor& tensor = weights.at(name, shape);
    if (tensor.type != "F32" && tensor.type != "F16" && tensor.type != "BF16") {
      refuse(weights, name, "has type " + tensor.type + ", expected F32, F16 or BF16");
    }
    known.insert(name);
  };
  const std::size_t dim = found.dim, hidden = found.hidden;
  const auto expect_affine = [&](const std::string& name, const Shape& shape) {
    expect(name + ".weight", shape);
    expect(name + ".bias", {shape[0]});
  };
  expect(class_token, {1, 1, dim});
  expect(positions, {1, tokens, dim});
  expect_affine("embeddings.patch_embeddings.projection", {dim, 3, kDinov2Patch, kDinov2Patch});
  for (std::size_t layer = 0; layer < std::max<std::size_t>(found.layers, 1); ++layer) {
    const std::string at = layer_name(layer);
    expect_affine(at + "norm1", {dim});
    for (const char* part : {"query", "key", "value"}) {
      expect_affine(at + "attention.attention." + part, {dim, dim});
    }
    expect_affine(at + "attention.output.dense", {dim, dim});
    expect(at + "layer_scale1.lambda1", {dim});
    expect_affine(at + "norm2", {dim});
    expect_affine(at + "mlp.fc1", {hidden, dim});
    expect_affine(at + "mlp.fc2", {dim, hidden});
    expect(at + "layer_scale2.lambda1", {dim});
  }
  expect_affine("layernorm", {dim});

  // Part of pre-training only; without images that are masked it is never used.
  known.insert("embeddings.mask_token");
  for (const StoredTensor& tensor : weights.tensors()) {
    const bool of_network =
        tensor.name.starts_with("embeddings.") || tensor.name.starts_with("encoder.");
    if (of_network && !known.contains(tensor.name)) {
      refuse(weights, tensor.name,
             "belongs to another architecture (registers, a gated MLP or a gap in the layers?), "
             "which would be computed wrongly without it");
    }
  }
  return found;
}

}  // namespace goldpan
