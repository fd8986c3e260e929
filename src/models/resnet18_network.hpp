#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/safetensors.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

struct Resnet18Shape {
  std::size_t classes = 0;
  std::size_t width = 64;
  std::size_t side = 32;  ///< of the input

  bool small_images() const { return side <= 64; }
  std::size_t features() const { return 8 * width; }
  std::size_t planes() const { return 3 * side * side; }  ///< floats of an input
};

/// B examples of one training step.
struct TrainingBatch {
  std::span<const float> planes;  ///< B x 3 x side x side, normalised
  std::span<const std::int32_t> labels;
  std::span<const float> weights;   ///< of the losses
  MatrixView<const float> dropout;  ///< B x features: what to multiply the features with
};

struct SgdStep {
  double learning_rate = 0, momentum = 0, weight_decay = 0;
};

/// ResNet-18 on libtorch. The const functions are safe to call from several threads at once.
class Resnet18Network {
 public:
  /// Requires: the device is there.
  Resnet18Network(const Resnet18Shape& shape, const std::string& device);
  ~Resnet18Network();

  /// Draws fresh weights (He et al. 2015) and forgets momentum.
  void initialise(const Generator& generator);
  /// One step down the mean of the weighted cross-entropies; returns that mean. The batch is cut
  /// into shards of at most `shard` examples as equal as can be, which the workers share.
  double train_step(const TrainingBatch& batch, std::size_t shard, const SgdStep& step,
                    Workers& workers);
  /// Penultimate features (out.rows() x features) of out.rows() inputs.
  void features(const float* planes, MatrixView<float> out) const;
  /// The last layer: classes x features, and classes.
  void last_layer(Matrix<float>& weight, std::vector<float>& bias) const;

  /// Writes and reads all weights and running statistics, named as in torchvision. `load` throws
  /// Error naming file and tensor for a network of another shape.
  void save(const std::filesystem::path& path,
            const std::map<std::string, std::string>& metadata) const;
  void load(const SafetensorsFile& file);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace goldpan
