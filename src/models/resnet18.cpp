#include <algorithm>
#include <cassert>
#include <cmath>
#include <mutex>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/core/error.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/imaging/resize.hpp>
#include <goldpan/models/resnet18.hpp>

#include "models/resnet18_inputs.hpp"
#include "models/resnet18_network.hpp"
#include "vision/torch_support.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kCpuShard = 32;
/// Images of one forward pass. Fixed, the last pass filled up: convolutions of one shape round
/// alike, so that a row's features do not depend on the rows asked for with it.
constexpr std::size_t kCpuForward = 16;
constexpr std::size_t kGpuForward = 256;

/// out[c] = bias[c] + sum_f row[f] * weight(f, c), always in the same order.
void apply_last_layer(std::span<const float> row, MatrixView<const float> weight,
                      std::span<const float> bias, std::span<float> out) {
  std::ranges::copy(bias, out.begin());
  for (std::size_t f = 0; f < row.size(); ++f) {
    const float value = row[f];
    const float* const weights = weight.data() + f * weight.cols();
    for (std::size_t c = 0; c < out.size(); ++c) out[c] += value * weights[c];
  }
}

/// In place: softmax(values / temperature).
void softmax(std::span<float> values, float temperature) {
  const float largest = *std::ranges::max_element(values);
  float sum = 0;
  for (float& value : values) {
    value = std::exp((value - largest) / temperature);
    sum += value;
  }
  for (float& value : values) value /= sum;
}

class Resnet18 final : public Classifier {
 public:
  Resnet18(std::shared_ptr<const ImageSource> images, std::size_t classes,
           const Resnet18Options& options)
      : images_(std::move(images)),
        options_(options),
        shape_{classes, options.width,
               static_cast<std::size_t>(resnet18_image_size(*images_, options))},
        network_(shape_, options.device) {}

  std::size_t classes() const override { return shape_.classes; }
  std::size_t feature_dim() const override { return shape_.features(); }

  void fit(std::span<const Index> rows, std::span<const std::int32_t> labels,
           std::span<const float> weights, Generator generator, Workers& workers) override;
  void logits(std::span<const Index> rows, MatrixView<float> out, Workers& workers) const override;
  void features(std::span<const Index> rows, MatrixView<float> out,
                Workers& workers) const override;
  std::unique_ptr<StochasticPasses> stochastic_passes(std::size_t passes, float temperature,
                                                      Generator generator) const override;

  const Resnet18Options& options() const { return options_; }
  const Matrix<float>& last_weight() const { return last_weight_; }
  std::span<const float> last_bias() const { return last_bias_; }

 private:
  bool on_cpu() const { return options_.device == "cpu"; }
  Image load(Index row) const;
  std::string fit_hash(std::span<const Index> rows, std::span<const std::int32_t> labels,
                       std::span<const float> weights, const Generator& generator) const;
  void train(std::span<const Index> rows, std::span<const std::int32_t> labels,
             std::span<const float> weights, const Generator& generator, Workers& workers);
  void compute_features(std::span<const Index> rows, Workers& workers) const;

  std::shared_ptr<const ImageSource> images_;
  Resnet18Options options_;
  Resnet18Shape shape_;
  Resnet18Network network_;
  bool fitted_ = false;
  Matrix<float> last_weight_;  // features x classes
  std::vector<float> last_bias_;

  mutable std::mutex mutex_;  // guards the two below
  mutable Matrix<float> features_;
  mutable std::vector<bool> known_;
};

/// Dropout on the last layer of a fitted network.
class Resnet18Passes final : public StochasticPasses {
 public:
  Resnet18Passes(const Resnet18& model, std::size_t passes, float temperature,
                 const Generator& generator)
      : model_(model), passes_(passes), temperature_(temperature), alone_(1) {
    const Matrix<float>& weight = model.last_weight();
    std::vector<float> mask(weight.rows());
    for (std::size_t pass = 0; pass < passes; ++pass) {
      draw_mask(generator.stream(pass), model.options().dropout, mask);
      Matrix<float> masked(weight.rows(), weight.cols());
      for (std::size_t f = 0; f < weight.rows(); ++f) {
        for (std::size_t c = 0; c < weight.cols(); ++c) masked(f, c) = mask[f] * weight(f, c);
      }
      weights_.push_back(std::move(masked));
    }
  }

  std::size_t passes() const override { return passes_; }
  std::size_t classes() const override { return model_.classes(); }

  void probabilities(std::span<const Index> rows, std::span<float> out) const override {
    assert(out.size() == rows.size() * passes_ * classes());
    Matrix<float> features(rows.size(), model_.feature_dim());
    model_.features(rows, features, alone_);
    float* at = out.data();
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (std::size_t pass = 0; pass < passes_; ++pass, at += classes()) {
        const std::span<float> target(at, classes());
        apply_last_layer(features.row(r), weights_[pass], model_.last_bias(), target);
        softmax(target, temperature_);
      }
    }
  }

 private:
  const Resnet18& model_;
  std::size_t passes_;
  float temperature_;
  std::vector<Matrix<float>> weights_;
  mutable Workers alone_;  // the caller's thread, which is one of many
};

Image Resnet18::load(Index row) const {
  const int side = static_cast<int>(shape_.side);
  Image image = images_->load(row, 2 * side);
  if (image.width == side && image.height == side) return image;
  return resize_and_crop(image, side, side);
}

/// Names all that the outcome of a fit depends on.
std::string Resnet18::fit_hash(std::span<const Index> rows, std::span<const std::int32_t> labels,
                               std::span<const float> weights, const Generator& generator) const {
  const Resnet18Options& o = options_;
  std::string text = "resnet18 2";
  for (const double number :
       {static_cast<double>(shape_.classes), static_cast<double>(shape_.width),
        static_cast<double>(shape_.side), static_cast<double>(o.epochs),
        static_cast<double>(o.batch), o.learning_rate, o.momentum, o.weight_decay,
        static_cast<double>(o.dropout), static_cast<double>(o.augment)}) {
    text += ' ' + std::to_string(number);
  }
  Sha256 hash;
  hash.update(text + (on_cpu() ? " cpu" : " cuda"));
  Generator identity = generator.stream("identity");
  for (int i = 0; i < 4; ++i) hash.update(' ' + std::to_string(identity.bits64()));
  hash.update(std::as_bytes(rows));
  hash.update(std::as_bytes(labels));
  hash.update(std::as_bytes(weights));
  hash.update(o.fingerprint + '\n');
  for (const Index row : rows) hash.update(images_->location(row) + '\n');
  return hash.hex();
}

void Resnet18::fit(std::span<const Index> rows, std::span<const std::int32_t> labels,
                   std::span<const float> weights, Generator generator, Workers& workers) {
  if (rows.empty()) throw Error("resnet18", "got no examples to train on");
  assert(labels.size() == rows.size() && (weights.empty() || weights.size() == rows.size()));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= shape_.classes) {
      throw Error("resnet18, label " + std::to_string(i), "got class " + std::to_string(labels[i]) +
                                                              ", expected 0 to " +
                                                              std::to_string(shape_.classes - 1));
    }
  }
  fitted_ = false;
  features_ = Matrix<float>();
  known_.clear();
  translate_torch_errors("resnet18", [&] {
    std::filesystem::path checkpoint;
    if (!options_.checkpoints.empty()) {
      make_writable_folder(options_.checkpoints);
      checkpoint =
          options_.checkpoints /
          ("resnet18-" + fit_hash(rows, labels, weights, generator).substr(0, 32) + ".safetensors");
    }
    if (!checkpoint.empty() && std::filesystem::exists(checkpoint)) {
      network_.load(SafetensorsFile(checkpoint));
    } else {
      train(rows, labels, weights, generator, workers);
      if (!checkpoint.empty()) network_.save(checkpoint, {{"model", "resnet18"}});
    }
    Matrix<float> weight;
    network_.last_layer(weight, last_bias_);
    last_weight_ = Matrix<float>(weight.cols(), weight.rows());
    for (std::size_t c = 0; c < weight.rows(); ++c) {
      for (std::size_t f = 0; f < weight.cols(); ++f) last_weight_(f, c) = weight(c, f);
    }
  });
  fitted_ = true;
}

void Resnet18::train(std::span<const Index> rows, std::span<const std::int32_t> labels,
                     std::span<const float> weights, const Generator& generator, Workers& workers) {
  network_.initialise(generator.stream("weights"));
  const std::size_t count = rows.size();
  const std::size_t batch_size = std::min(options_.batch, std::max<std::size_t>(count / 10, 16));
  const std::size_t batches = (count + batch_size - 1) / batch_size;
  const std::size_t total = options_.epochs * batches;
  const double peak = options_.learning_rate * static_cast<double>(batch_size) / 128.0;
  const int padding = static_cast<int>(shape_.side) / 8;

  const std::size_t most = (count + batches - 1) / batches;
  std::vector<float> planes(most * shape_.planes()), batch_weights(most);
  std::vector<std::int32_t> batch_labels(most);
  Matrix<float> dropout(most, shape_.features());
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;

  for (std::size_t epoch = 0, done = 0; epoch < options_.epochs; ++epoch) {
    generator.stream("order").stream(epoch).shuffle(std::span(order));
    const Generator examples = generator.stream("examples").stream(epoch);
    for (std::size_t batch = 0; batch < batches; ++batch, ++done) {
      const std::size_t begin = count * batch / batches, end = count * (batch + 1) / batches;
      workers.run(end - begin, [&](std::size_t i) {
        const std::size_t example = order[begin + i];
        Generator random = examples.stream(example);
        place_planes(load(rows[example]),
                     options_.augment ? draw_augmentation(random, padding) : Augmentation(),
                     std::span(planes).subspan(i * shape_.planes(), shape_.planes()));
        batch_labels[i] = labels[example];
        batch_weights[i] = weights.empty() ? 1.0f : weights[example];
        draw_mask(random.stream("dropout"), options_.dropout, dropout.row(i));
      });
      const std::size_t size = end - begin;
      const double progress = static_cast<double>(done) / static_cast<double>(total);
      const double rate = peak * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
      const double loss = network_.train_step(
          {std::span(planes).first(size * shape_.planes()), std::span(batch_labels).first(size),
           std::span(batch_weights).first(size), dropout.view().rows_between(0, size)},
          on_cpu() ? kCpuShard : size, {rate, options_.momentum, options_.weight_decay}, workers);
      if (!std::isfinite(loss)) {
        throw Error("resnet18", "training diverged in step " + std::to_string(done + 1) + " of " +
                                    std::to_string(total) + "; try a lower learning rate");
      }
      options_.progress.step(done + 1, total);
    }
  }
}

/// Fills in the features of those rows that are not known yet.
void Resnet18::compute_features(std::span<const Index> rows, Workers& workers) const {
  std::vector<Index> missing;
  {
    const std::lock_guard lock(mutex_);
    if (known_.empty()) {
      features_ = Matrix<float>(images_->size(), shape_.features());
      known_.resize(images_->size());
    }
    for (const Index row : rows) {
      if (!known_[row]) missing.push_back(row);
    }
  }
  std::ranges::sort(missing);
  missing.erase(std::ranges::unique(missing).begin(), missing.end());
  // Outside of the lock: threads that want one row at once compute the same numbers.
  Matrix<float> found(missing.size(), shape_.features());
  const auto fill_planes = [&](std::size_t i, std::span<float> planes) {
    normalise(load(missing[i]), kImageNetStatistics, planes);
  };
  const auto forward = [&](std::size_t begin, std::size_t end, std::vector<float>& planes,
                           std::size_t pass) {
    std::fill(planes.begin() + static_cast<std::ptrdiff_t>((end - begin) * shape_.planes()),
              planes.end(), 0.0f);
    Matrix<float> values(pass, shape_.features());
    network_.features(planes.data(), values);
    std::copy_n(values.data(), (end - begin) * shape_.features(), found.row(begin).data());
  };
  if (on_cpu()) {
    workers.for_blocks(missing.size(), kCpuForward, [&](std::size_t begin, std::size_t end) {
      std::vector<float> planes(kCpuForward * shape_.planes());
      for (std::size_t i = begin; i < end; ++i) {
        fill_planes(i, std::span(planes).subspan((i - begin) * shape_.planes(), shape_.planes()));
      }
      forward(begin, end, planes, kCpuForward);
    });
  } else {
    std::vector<float> planes(kGpuForward * shape_.planes());
    for (std::size_t begin = 0; begin < missing.size(); begin += kGpuForward) {
      const std::size_t end = std::min(begin + kGpuForward, missing.size());
      workers.run(end - begin, [&](std::size_t i) {
        fill_planes(begin + i, std::span(planes).subspan(i * shape_.planes(), shape_.planes()));
      });
      forward(begin, end, planes, kGpuForward);
    }
  }
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    std::ranges::copy(found.row(i), features_.row(missing[i]).begin());
    known_[missing[i]] = true;
  }
}

void Resnet18::features(std::span<const Index> rows, MatrixView<float> out,
                        Workers& workers) const {
  assert(fitted_ && out.rows() == rows.size() && out.cols() == feature_dim());
  translate_torch_errors("resnet18", [&] { compute_features(rows, workers); });
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(features_.row(rows[i]), out.row(i).begin());
  }
}

void Resnet18::logits(std::span<const Index> rows, MatrixView<float> out, Workers& workers) const {
  assert(out.rows() == rows.size() && out.cols() == classes());
  Matrix<float> h(rows.size(), feature_dim());
  features(rows, h, workers);
  workers.for_blocks(rows.size(), 256, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      apply_last_layer(h.row(i), last_weight_, last_bias_, out.row(i));
    }
  });
}

std::unique_ptr<StochasticPasses> Resnet18::stochastic_passes(std::size_t passes, float temperature,
                                                              Generator generator) const {
  assert(fitted_);
  return std::make_unique<Resnet18Passes>(*this, passes, temperature, generator);
}

}  // namespace

std::unique_ptr<Classifier> make_resnet18(std::shared_ptr<const ImageSource> images,
                                          std::size_t classes, const Resnet18Options& options) {
  check_resnet18(images.get(), classes, options);
  return translate_torch_errors("make_resnet18", [&]() -> std::unique_ptr<Classifier> {
    return std::make_unique<Resnet18>(std::move(images), classes, options);
  });
}

}  // namespace goldpan
