#include "embed/dinov2_network.hpp"

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "kernels/product.hpp"
#include "vision/torch_support.hpp"

namespace goldpan {
namespace {

constexpr double kLayerNormEpsilon = 1e-6;
constexpr std::int64_t kPatch = static_cast<std::int64_t>(kDinov2Patch);
constexpr std::int64_t kHeadDim = static_cast<std::int64_t>(kDinov2HeadDim);

StridedMatrix strided(const at::Tensor& matrix) {
  return {matrix.data_ptr<float>(), static_cast<std::size_t>(matrix.stride(0)),
          static_cast<std::size_t>(matrix.stride(1))};
}

/// out = alpha * a * b + beta * out. On the CPU by goldpan's own product: the BLAS behind libtorch
/// may be slow (Debian's OpenBLAS on processors newer than itself) and may round a row by the shape
/// of its batch.
void multiply(const at::Tensor& a, const at::Tensor& b, const at::Tensor& out, float alpha,
              float beta) {
  if (out.is_cuda()) {
    out.addmm_(a, b, beta, alpha);
    return;
  }
  strided_product(static_cast<std::size_t>(out.size(0)), static_cast<std::size_t>(out.size(1)),
                  static_cast<std::size_t>(a.size(1)), strided(a), strided(b),
                  out.data_ptr<float>(), static_cast<std::size_t>(out.stride(0)), alpha, beta);
}

/// A matrix product's weights, transposed so that rows of activations multiply from the left.
struct Affine {
  at::Tensor weight, bias;

  at::Tensor operator()(const at::Tensor& rows) const {
    // Not expand().contiguous(), which for one row is the bias itself, not a copy.
    const at::Tensor out = bias.repeat({rows.size(0), 1});
    multiply(rows, weight, out, 1.0f, 1.0f);
    return out;
  }
  void add_to(const at::Tensor& sum, const at::Tensor& rows) const {
    sum.add_(bias);
    multiply(rows, weight, sum, 1.0f, 1.0f);
  }
};

struct Norm {
  at::Tensor weight, bias;

  at::Tensor operator()(const at::Tensor& rows) const {
    return at::layer_norm(rows, {rows.size(-1)}, weight, bias, kLayerNormEpsilon);
  }
};

struct Layer {
  Norm norm1, norm2;
  Affine query, key_value, query_key_value;  // the first two are views into the third
  Affine output, hidden, contract;
};

at::ScalarType scalar_type(Precision precision) {
  switch (precision) {
    case Precision::kFloat16:
      return at::kHalf;
    case Precision::kBFloat16:
      return at::kBFloat16;
    default:
      return at::kFloat;
  }
}

/// Softmax(q k^T / 8) v. q is [images, queries, heads, 64], k and v [images, tokens, heads, 64];
/// returns [images * queries, heads * 64].
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  static_assert(kHeadDim == 64, "the scale is 1 / sqrt(64)");
  constexpr float kScale = 0.125f;
  const std::int64_t images = q.size(0), queries = q.size(1), heads = q.size(2);
  if (q.is_cuda()) {
    const at::Tensor scores = at::matmul(q.transpose(1, 2) * kScale, k.permute({0, 2, 3, 1}));
    return at::matmul(at::softmax(scores, -1), v.transpose(1, 2))
        .transpose(1, 2)
        .reshape({images * queries, heads * kHeadDim});
  }
  const at::Tensor mixed = at::empty({images * queries, heads * kHeadDim}, q.options());
  const at::Tensor scores = at::empty({heads, queries, k.size(1)}, q.options());
  for (std::int64_t image = 0; image < images; ++image) {
    const auto of = [&](const at::Tensor& tokens, std::int64_t head) {
      return tokens.select(0, image).select(1, head);
    };
    for (std::int64_t head = 0; head < heads; ++head) {
      multiply(of(q, head), of(k, head).t(), scores.select(0, head), kScale, 0.0f);
    }
    const at::Tensor shares = at::softmax(scores, -1);
    const at::Tensor rows = mixed.narrow(0, image * queries, queries);
    for (std::int64_t head = 0; head < heads; ++head) {
      multiply(shares.select(0, head), of(v, head), rows.narrow(1, head * kHeadDim, kHeadDim), 1.0f,
               0.0f);
    }
  }
  return mixed;
}

}  // namespace

struct Dinov2Network::State {
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;
  std::int64_t size = 0, grid = 0, dim = 0, heads = 0;

  at::Tensor patch_weight;            // transposed
  at::Tensor class_token, positions;  // the token with its position; positions with the patch bias
  std::vector<Layer> layers;
  Norm norm;

  at::Tensor forward(const at::Tensor& planes) const;
  void attend(const Layer& layer, at::Tensor& x, std::int64_t images, bool last) const;
};

namespace {

/// Reads tensors in float32 and moves them to where and how they are used.
class Loader {
 public:
  Loader(const SafetensorsFile& weights, at::Device device, at::ScalarType type)
      : weights_(weights), device_(device), type_(type) {}

  at::Tensor read(const std::string& name) const {
    const StoredTensor& stored = *weights_.find(name);  // check_dinov2_weights has seen it
    std::vector<float> values = weights_.floats(stored);
    const std::vector<std::int64_t> shape(stored.shape.begin(), stored.shape.end());
    return at::from_blob(values.data(), shape, at::kFloat).clone();
  }
  at::Tensor place(const at::Tensor& tensor) const {
    return tensor.contiguous().to(device_, type_);
  }
  Norm norm(const std::string& name) const {
    return {place(read(name + ".weight")), place(read(name + ".bias"))};
  }
  Affine affine(const at::Tensor& weight, const at::Tensor& bias) const {
    return {place(weight.t()), place(bias)};
  }
  Affine affine(const std::string& name) const {
    return affine(read(name + ".weight"), read(name + ".bias"));
  }
  /// lambda * (W x + b) = (lambda W) x + lambda b: the layer scale costs nothing at run time.
  Affine scaled_affine(const std::string& name, const std::string& scale_name) const {
    const at::Tensor scale = read(scale_name);
    return affine(read(name + ".weight") * scale.unsqueeze(1), read(name + ".bias") * scale);
  }

  Layer layer(const std::string& at, std::int64_t dim) const {
    Layer layer;
    layer.norm1 = norm(at + "norm1");
    layer.norm2 = norm(at + "norm2");
    const std::string qkv = at + "attention.attention.";
    layer.query_key_value = affine(
        at::cat({read(qkv + "query.weight"), read(qkv + "key.weight"), read(qkv + "value.weight")}),
        at::cat({read(qkv + "query.bias"), read(qkv + "key.bias"), read(qkv + "value.bias")}));
    const Affine& all = layer.query_key_value;
    layer.query = {all.weight.narrow(1, 0, dim), all.bias.narrow(0, 0, dim)};
    layer.key_value = {all.weight.narrow(1, dim, 2 * dim), all.bias.narrow(0, dim, 2 * dim)};
    layer.output = scaled_affine(at + "attention.output.dense", at + "layer_scale1.lambda1");
    layer.hidden = affine(at + "mlp.fc1");
    layer.contract = scaled_affine(at + "mlp.fc2", at + "layer_scale2.lambda1");
    return layer;
  }

 private:
  const SafetensorsFile& weights_;
  at::Device device_;
  at::ScalarType type_;
};

}  // namespace

Dinov2Network::Dinov2Network(const SafetensorsFile& weights, const Dinov2Architecture& architecture,
                             int size, const std::string& device, Precision precision) {
  const c10::InferenceMode inference;
  auto state = std::make_unique<State>();
  state->device = at::Device(device);
  state->type = scalar_type(precision);
  state->size = size;
  state->grid = size / kPatch;
  state->dim = static_cast<std::int64_t>(architecture.dim);
  state->heads = static_cast<std::int64_t>(architecture.heads());
  const Loader loader(weights, state->device, state->type);

  const std::int64_t dim = state->dim, grid = state->grid;
  const std::string projection = "embeddings.patch_embeddings.projection";
  state->patch_weight =
      loader.place(loader.read(projection + ".weight").reshape({dim, 3 * kPatch * kPatch}).t());
  const at::Tensor stored = loader.read("embeddings.position_embeddings");  // [1, 1 + n * n, dim]
  const auto trained = static_cast<std::int64_t>(architecture.grid);
  at::Tensor positions = stored.narrow(1, 1, trained * trained);
  if (trained != grid) {
    positions =
        at::upsample_bicubic2d(positions.reshape({1, trained, trained, dim}).permute({0, 3, 1, 2}),
                               {grid, grid}, /*align_corners=*/false)
            .permute({0, 2, 3, 1})
            .reshape({1, grid * grid, dim});
  }
  state->positions = loader.place(positions + loader.read(projection + ".bias"));
  state->class_token =
      loader.place(loader.read("embeddings.cls_token").squeeze(1) + stored.select(1, 0));
  for (std::size_t layer = 0; layer < architecture.layers; ++layer) {
    state->layers.push_back(loader.layer("encoder.layer." + std::to_string(layer) + ".", dim));
  }
  state->norm = loader.norm("layernorm");
  state_ = std::move(state);
}

Dinov2Network::~Dinov2Network() = default;

/// x += attention of the layer. After the last layer nobody looks at the patches any more, so there
/// x shrinks to the class tokens, which alone ask the question; that saves most of a layer.
void Dinov2Network::State::attend(const Layer& layer, at::Tensor& x, std::int64_t images,
                                  bool last) const {
  const std::int64_t tokens = 1 + grid * grid;
  const at::Tensor h = layer.norm1(x);
  at::Tensor mixed;
  if (last) {
    const at::Tensor asking = h.view({images, tokens, dim}).select(1, 0);
    const at::Tensor q = layer.query(asking).view({images, 1, heads, kHeadDim});
    const at::Tensor kv = layer.key_value(h).view({images, tokens, 2, heads, kHeadDim});
    mixed = attention(q, kv.select(2, 0), kv.select(2, 1));
    x = x.view({images, tokens, dim}).select(1, 0).contiguous();
  } else {
    const at::Tensor qkv = layer.query_key_value(h).view({images, tokens, 3, heads, kHeadDim});
    mixed = attention(qkv.select(2, 0), qkv.select(2, 1), qkv.select(2, 2));
  }
  layer.output.add_to(x, mixed);
}

at::Tensor Dinov2Network::State::forward(const at::Tensor& planes) const {
  const std::int64_t images = planes.size(0), patch_count = grid * grid;
  // The convolution has a stride as long as its kernel: a product of cut-out patches.
  const at::Tensor cut = planes.view({images, 3, grid, kPatch, grid, kPatch})
                             .permute({0, 2, 4, 1, 3, 5})
                             .reshape({images * patch_count, 3 * kPatch * kPatch});
  at::Tensor x = at::empty({images, 1 + patch_count, dim}, cut.options());
  x.select(1, 0).copy_(class_token.expand({images, dim}));
  at::Tensor patch_rows = x.narrow(1, 1, patch_count);
  const at::Tensor projected = at::empty({images * patch_count, dim}, cut.options());
  multiply(cut, patch_weight, projected, 1.0f, 0.0f);
  at::add_out(patch_rows, projected.view({images, patch_count, dim}), positions);
  x = x.view({images * (1 + patch_count), dim});
  for (const Layer& layer : layers) {
    attend(layer, x, images, &layer == &layers.back());
    at::Tensor h = layer.hidden(layer.norm2(x));
    layer.contract.add_to(x, at::gelu_(h));
  }
  return norm(x);
}

void Dinov2Network::forward(const float* planes, MatrixView<float> out) const {
  use_one_torch_thread();
  const c10::InferenceMode inference;
  const auto images = static_cast<std::int64_t>(out.rows());
  // from_blob wants a mutable pointer; nothing below writes through it.
  const at::Tensor input =
      at::from_blob(const_cast<float*>(planes), {images, 3, state_->size, state_->size}, at::kFloat)
          .to(state_->device, state_->type);
  at::from_blob(out.data(), {images, state_->dim}, at::kFloat).copy_(state_->forward(input));
}

}  // namespace goldpan
