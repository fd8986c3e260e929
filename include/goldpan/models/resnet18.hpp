#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include <goldpan/core/progress.hpp>
#include <goldpan/imaging/image.hpp>
#include <goldpan/models/classifier.hpp>

namespace goldpan {

struct Resnet18Options {
  /// "cpu", "cuda" or "cuda:1".
  std::string device = "cpu";
  /// Height and width of the network's input; images are scaled and cropped to it. 0: the shorter
  /// side of the first image if that is 64 pixels or less, else 224. Up to 64 the first layer is
  /// CIFAR's (3x3, no pooling), above that ImageNet's (7x7 with stride 2, then pooling).
  int image_size = 0;
  /// Channels of the first stage; the penultimate layer has 8 times as many. 64 is ResNet-18; less
  /// trains quadratically faster on a CPU.
  std::size_t width = 64;
  std::size_t epochs = 30;
  /// Examples in a step. With fewer than ten batches of labels the batch shrinks to a tenth of them
  /// (not below 16), and the learning rate with it (Goyal et al. 2017).
  std::size_t batch = 128;
  /// Peak of the cosine schedule, for 128 examples in a step.
  double learning_rate = 0.1;
  double momentum = 0.9;
  /// L2 decay of products and convolutions; not of biases and normalisations.
  double weight_decay = 5e-4;
  /// Share of the penultimate features dropped in training and in stochastic passes.
  float dropout = 0.2f;
  /// Random crops (an eighth of padding all round) and horizontal flips.
  bool augment = true;
  /// Each fit leaves its network here as resnet18-<hash>.safetensors, and is read back instead of
  /// computed again when the same fit is asked for: that is how a killed run resumes. Tensors are
  /// named as in torchvision. Empty: nothing is kept.
  std::filesystem::path checkpoints;
  /// What the images are (Dataset::fingerprint): checkpoints of other images are not read back.
  std::string fingerprint;
  /// Told of each training step of a fit; may stop it (Cancelled).
  Progress progress;
};

/// Height and width that the network takes images in: options.image_size or what it stands for.
/// Throws Error if no image can be decoded.
int resnet18_image_size(const ImageSource& images, const Resnet18Options& options = {});

/// ResNet-18 (He et al. 2016) trained on the images themselves by stochastic gradient descent with
/// momentum, on libtorch. Rows are numbers of `images`; ResizedImages (core/resized_images.hpp)
/// saves decoding them anew in each epoch.
///
/// On the CPU a step's batch is cut into shards of at most 32 examples, a shard a task, each
/// normalised by its own statistics (Hoffer et al. 2017) and their gradients added in order: so the
/// number of threads changes nothing. On CUDA the shard is the batch. Penultimate features are
/// computed once for each row and kept (images.size() x feature_dim() floats); logits, features and
/// stochastic passes all come from them.
///
/// Throws Error if the device is not there or the options contradict each other, and, naming the
/// build flag, if goldpan::vision was built without libtorch; `fit` throws Error if training
/// diverges or an image cannot be decoded.
std::unique_ptr<Classifier> make_resnet18(std::shared_ptr<const ImageSource> images,
                                          std::size_t classes, const Resnet18Options& options = {});

}  // namespace goldpan
