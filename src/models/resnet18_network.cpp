#include "models/resnet18_network.hpp"

#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/Reduction.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "vision/torch_support.hpp"

namespace goldpan {
namespace {

constexpr double kEpsilon = 1e-5;
/// What a step adds to the running statistics.
constexpr double kStatisticsShare = 0.1;

std::int64_t as_int(std::size_t value) { return static_cast<std::int64_t>(value); }

/// A convolution and the batch normalisation behind it.
struct Unit {
  std::string convolution_name, norm_name;
  std::int64_t stride = 1, padding = 0;
  at::Tensor weight;        // trained
  at::Tensor scale, shift;  // trained
  at::Tensor mean, variance;
};

/// Mean and 1 / deviation of what a unit normalised.
struct Moments {
  at::Tensor mean, inverse_deviation;
  std::int64_t values = 0;  // that each mean is over
};

struct Block {
  Unit first, second;
  std::optional<Unit> shortcut;
};

/// `moments`: normalise by the batch itself, and say by what; null: by the running statistics.
at::Tensor apply(const Unit& unit, const at::Tensor& x, std::vector<Moments>* moments) {
  const at::Tensor y = at::conv2d(x, unit.weight, {}, unit.stride, unit.padding);
  if (moments == nullptr) {
    return at::batch_norm(y, unit.scale, unit.shift, unit.mean, unit.variance, /*training=*/false,
                          kStatisticsShare, kEpsilon, /*cudnn_enabled=*/true);
  }
  const auto [out, mean, inverse_deviation] = at::native_batch_norm(
      y, unit.scale, unit.shift, {}, {}, /*training=*/true, kStatisticsShare, kEpsilon);
  moments->push_back({mean.detach(), inverse_deviation.detach(), y.numel() / y.size(1)});
  return out;
}

/// What a shard says about a step.
struct ShardResult {
  double loss = 0;
  std::vector<at::Tensor> gradients;
  std::vector<Moments> moments;
};

}  // namespace

struct Resnet18Network::State {
  Resnet18Shape shape;
  at::Device device = at::kCPU;
  Unit stem;
  std::vector<Block> blocks;
  at::Tensor last_weight, last_bias;
  std::vector<at::Tensor> velocities;  // of parameters(), in order; empty before the first step

  /// Every unit in the order of a forward pass.
  std::vector<Unit*> units() {
    std::vector<Unit*> all = {&stem};
    for (Block& block : blocks) {
      all.push_back(&block.first);
      all.push_back(&block.second);
      if (block.shortcut) all.push_back(&*block.shortcut);
    }
    return all;
  }
  std::vector<at::Tensor> parameters() {
    std::vector<at::Tensor> all;
    for (const Unit* unit : units()) {
      all.insert(all.end(), {unit->weight, unit->scale, unit->shift});
    }
    all.insert(all.end(), {last_weight, last_bias});
    return all;
  }
  std::vector<std::pair<std::string, at::Tensor>> named_tensors() {
    std::vector<std::pair<std::string, at::Tensor>> all;
    for (const Unit* unit : units()) {
      all.emplace_back(unit->convolution_name + ".weight", unit->weight);
      all.emplace_back(unit->norm_name + ".weight", unit->scale);
      all.emplace_back(unit->norm_name + ".bias", unit->shift);
      all.emplace_back(unit->norm_name + ".running_mean", unit->mean);
      all.emplace_back(unit->norm_name + ".running_var", unit->variance);
    }
    all.emplace_back("fc.weight", last_weight);
    all.emplace_back("fc.bias", last_bias);
    return all;
  }

  Unit make_unit(std::string convolution, std::string norm, std::int64_t in, std::int64_t out,
                 std::int64_t kernel, std::int64_t stride) const {
    const at::TensorOptions options = at::TensorOptions().dtype(at::kFloat).device(device);
    Unit unit{std::move(convolution), std::move(norm), stride, kernel / 2, {}, {}, {}, {}, {}};
    unit.weight = at::zeros({out, in, kernel, kernel}, options).set_requires_grad(true);
    unit.scale = at::ones({out}, options).set_requires_grad(true);
    unit.shift = at::zeros({out}, options).set_requires_grad(true);
    unit.mean = at::zeros({out}, options);
    unit.variance = at::ones({out}, options);
    return unit;
  }

  at::Tensor features(at::Tensor x, std::vector<Moments>* moments) const {
    x = at::relu(apply(stem, x, moments));
    if (!shape.small_images()) x = at::max_pool2d(x, {3, 3}, {2, 2}, {1, 1});
    for (const Block& block : blocks) {
      at::Tensor y = at::relu(apply(block.first, x, moments));
      y = apply(block.second, y, moments);
      x = at::relu(y + (block.shortcut ? apply(*block.shortcut, x, moments) : x));
    }
    return x.mean({2, 3});
  }

  /// Inputs [begin, end) of floats that outlive the result, on the device.
  at::Tensor inputs(const float* planes, std::size_t count) const {
    // from_blob wants a mutable pointer; nothing writes through it.
    return at::from_blob(const_cast<float*>(planes),
                         {as_int(count), 3, as_int(shape.side), as_int(shape.side)}, at::kFloat)
        .to(device);
  }

  ShardResult run_shard(const TrainingBatch& batch, std::size_t begin, std::size_t end,
                        const std::vector<at::Tensor>& trained) const;
  void update_statistics(const std::vector<ShardResult>& shards);
  void update_parameters(const std::vector<ShardResult>& shards, const SgdStep& step);
};

Resnet18Network::Resnet18Network(const Resnet18Shape& shape, const std::string& device)
    : state_(std::make_unique<State>()) {
  use_one_torch_thread();
  State& state = *state_;
  state.shape = shape;
  state.device = at::Device(device);
  if (state.device.is_cuda()) {
    // Else cuDNN picks kernels by stop watch, and kernels that add in any order.
    at::globalContext().setBenchmarkCuDNN(false);
    at::globalContext().setDeterministicCuDNN(true);
  }
  std::int64_t channels = as_int(shape.width);
  state.stem = shape.small_images() ? state.make_unit("conv1", "bn1", 3, channels, 3, 1)
                                    : state.make_unit("conv1", "bn1", 3, channels, 7, 2);
  for (int stage = 0; stage < 4; ++stage) {
    const std::int64_t out = as_int(shape.width) << stage;
    for (int number = 0; number < 2; ++number) {
      const std::int64_t stride = stage > 0 && number == 0 ? 2 : 1;
      const std::string name =
          "layer" + std::to_string(stage + 1) + "." + std::to_string(number) + ".";
      Block block;
      block.first = state.make_unit(name + "conv1", name + "bn1", channels, out, 3, stride);
      block.second = state.make_unit(name + "conv2", name + "bn2", out, out, 3, 1);
      if (stride != 1 || channels != out) {
        block.shortcut =
            state.make_unit(name + "downsample.0", name + "downsample.1", channels, out, 1, stride);
      }
      state.blocks.push_back(std::move(block));
      channels = out;
    }
  }
  const at::TensorOptions options = at::TensorOptions().dtype(at::kFloat).device(state.device);
  const std::int64_t classes = as_int(shape.classes);
  state.last_weight = at::zeros({classes, channels}, options).set_requires_grad(true);
  state.last_bias = at::zeros({classes}, options).set_requires_grad(true);
}

Resnet18Network::~Resnet18Network() = default;

void Resnet18Network::initialise(const Generator& generator) {
  const c10::NoGradGuard no_gradients;
  State& state = *state_;
  state.velocities.clear();
  const auto fill = [&](const at::Tensor& tensor, const std::string& name, auto draw) {
    Generator stream = generator.stream(name);
    const at::Tensor values = at::empty(tensor.sizes(), at::kFloat);
    float* const data = values.data_ptr<float>();
    for (std::int64_t i = 0; i < values.numel(); ++i) data[i] = static_cast<float>(draw(stream));
    tensor.copy_(values);
  };
  for (const Unit* unit : state.units()) {
    const at::Tensor& weight = unit->weight;
    const auto fan_out = static_cast<double>(weight.size(0) * weight.size(2) * weight.size(3));
    const double deviation = std::sqrt(2.0 / fan_out);
    fill(weight, unit->convolution_name, [&](Generator& g) { return g.normal() * deviation; });
    unit->scale.fill_(1);
    unit->shift.zero_();
    unit->mean.zero_();
    unit->variance.fill_(1);
  }
  const double bound = 1.0 / std::sqrt(static_cast<double>(state.shape.features()));
  fill(state.last_weight, "fc", [&](Generator& g) { return (2 * g.uniform() - 1) * bound; });
  state.last_bias.zero_();
}

ShardResult Resnet18Network::State::run_shard(const TrainingBatch& batch, std::size_t begin,
                                              std::size_t end,
                                              const std::vector<at::Tensor>& trained) const {
  const std::size_t count = end - begin;
  const std::size_t width = shape.features();
  const at::Tensor x = inputs(batch.planes.data() + begin * shape.planes(), count);
  const auto copied = [&](const auto* values, std::vector<std::int64_t> sizes,
                          at::ScalarType type) {
    using Value = std::remove_cv_t<std::remove_pointer_t<decltype(values)>>;
    return at::from_blob(const_cast<Value*>(values), sizes, type).to(device);
  };
  const at::Tensor labels =
      copied(batch.labels.data() + begin, {as_int(count)}, at::kInt).to(at::kLong);
  const at::Tensor weights = copied(batch.weights.data() + begin, {as_int(count)}, at::kFloat);
  const at::Tensor mask =
      copied(batch.dropout.data() + begin * width, {as_int(count), as_int(width)}, at::kFloat);

  ShardResult result;
  const at::Tensor h = features(x, &result.moments) * mask;
  const at::Tensor logits = at::addmm(last_bias, h, last_weight.t());
  const at::Tensor losses = at::cross_entropy_loss(logits, labels, {}, at::Reduction::None);
  const at::Tensor loss = (losses * weights).sum() / static_cast<double>(batch.labels.size());
  result.gradients = torch::autograd::grad({loss}, trained);
  result.loss = loss.item<double>();
  return result;
}

/// The running statistics move towards the mean of the shards' own.
void Resnet18Network::State::update_statistics(const std::vector<ShardResult>& shards) {
  const double share = kStatisticsShare / static_cast<double>(shards.size());
  const std::vector<Unit*> all = units();
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->mean.mul_(1.0 - kStatisticsShare);
    all[i]->variance.mul_(1.0 - kStatisticsShare);
    for (const ShardResult& shard : shards) {
      const Moments& moments = shard.moments[i];
      const auto values = static_cast<double>(moments.values);
      const double unbiased = values > 1 ? values / (values - 1) : 1.0;
      all[i]->mean.add_(moments.mean, share);
      all[i]->variance.add_(moments.inverse_deviation.pow(-2).sub(kEpsilon), share * unbiased);
    }
  }
}

void Resnet18Network::State::update_parameters(const std::vector<ShardResult>& shards,
                                               const SgdStep& step) {
  const std::vector<at::Tensor> trained = parameters();
  const bool first = velocities.empty();
  for (std::size_t i = 0; i < trained.size(); ++i) {
    const at::Tensor& parameter = trained[i];
    const at::Tensor gradient = shards[0].gradients[i].clone();
    for (std::size_t shard = 1; shard < shards.size(); ++shard) {
      gradient.add_(shards[shard].gradients[i]);
    }
    if (parameter.dim() > 1) gradient.add_(parameter, step.weight_decay);
    if (first) {
      velocities.push_back(gradient);
    } else {
      velocities[i].mul_(step.momentum).add_(gradient);
    }
    parameter.add_(velocities[i], -step.learning_rate);
  }
}

double Resnet18Network::train_step(const TrainingBatch& batch, std::size_t shard,
                                   const SgdStep& step, Workers& workers) {
  State& state = *state_;
  const std::size_t count = batch.labels.size();
  std::vector<ShardResult> shards((count + shard - 1) / shard);
  const std::vector<at::Tensor> trained = state.parameters();
  workers.run(shards.size(), [&](std::size_t i) {
    use_one_torch_thread();
    shards[i] =
        state.run_shard(batch, count * i / shards.size(), count * (i + 1) / shards.size(), trained);
  });
  const c10::NoGradGuard no_gradients;
  state.update_statistics(shards);
  state.update_parameters(shards, step);
  double loss = 0;
  for (const ShardResult& result : shards) loss += result.loss;
  return loss;
}

void Resnet18Network::features(const float* planes, MatrixView<float> out) const {
  use_one_torch_thread();
  const c10::InferenceMode inference;
  at::from_blob(out.data(), {as_int(out.rows()), as_int(out.cols())}, at::kFloat)
      .copy_(state_->features(state_->inputs(planes, out.rows()), nullptr));
}

void Resnet18Network::last_layer(Matrix<float>& weight, std::vector<float>& bias) const {
  const c10::InferenceMode inference;
  const Resnet18Shape& shape = state_->shape;
  weight = Matrix<float>(shape.classes, shape.features());
  bias.resize(shape.classes);
  at::from_blob(weight.data(), state_->last_weight.sizes(), at::kFloat).copy_(state_->last_weight);
  at::from_blob(bias.data(), state_->last_bias.sizes(), at::kFloat).copy_(state_->last_bias);
}

void Resnet18Network::save(const std::filesystem::path& path,
                           const std::map<std::string, std::string>& metadata) const {
  const c10::InferenceMode inference;
  std::vector<at::Tensor> kept;
  std::vector<StoredTensor> stored;
  for (const auto& [name, tensor] : state_->named_tensors()) {
    kept.push_back(tensor.to(at::kCPU).contiguous());
    const at::Tensor& values = kept.back();
    stored.push_back({name,
                      "F32",
                      {values.sizes().begin(), values.sizes().end()},
                      std::as_bytes(std::span(values.data_ptr<float>(),
                                              static_cast<std::size_t>(values.numel())))});
  }
  write_safetensors(path, stored, metadata);
}

void Resnet18Network::load(const SafetensorsFile& file) {
  const c10::NoGradGuard no_gradients;
  state_->velocities.clear();
  for (const auto& [name, tensor] : state_->named_tensors()) {
    const std::vector<std::size_t> shape(tensor.sizes().begin(), tensor.sizes().end());
    std::vector<float> values = file.floats(file.at(name, shape));
    tensor.copy_(at::from_blob(values.data(), tensor.sizes(), at::kFloat));
  }
}

}  // namespace goldpan
