#include "models/resnet18_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>
#include <goldpan/imaging/resize.hpp>

#include "vision/torch_support.hpp"

namespace goldpan {
namespace {

constexpr const char* kWhere = "make_resnet18";
constexpr int kLeastPixels = 8;
constexpr int kMostPixels = 1024;
constexpr int kMostSmallPixels = 64;
constexpr int kLargeImages = 224;

void require(bool good, const std::string& message) {
  if (!good) throw Error(kWhere, message);
}

}  // namespace

void check_resnet18(const ImageSource* images, std::size_t classes,
                    const Resnet18Options& options) {
  require(images != nullptr && images->size() > 0, "got no images");
  require(classes > 0, "got 0 classes, expected at least 1");
  require(options.image_size == 0 ||
              (options.image_size >= kLeastPixels && options.image_size <= kMostPixels),
          "got image_size " + std::to_string(options.image_size) + ", expected 0 or 8 to 1024");
  require(options.width > 0 && options.width <= 1024, "got a width outside 1 to 1024");
  require(options.epochs > 0, "got 0 epochs, expected at least 1");
  require(options.batch > 0, "got batch 0, expected at least 1");
  require(options.learning_rate > 0 && std::isfinite(options.learning_rate),
          "got a learning_rate that is not positive");
  require(options.momentum >= 0 && options.momentum < 1, "got a momentum outside [0, 1)");
  require(options.weight_decay >= 0 && std::isfinite(options.weight_decay),
          "got a negative weight_decay");
  require(options.dropout >= 0 && options.dropout < 1, "got a dropout outside [0, 1)");
  check_torch_device(options.device, kWhere);
}

int resnet18_image_size(const ImageSource& images, const Resnet18Options& options) {
  int side = options.image_size;
  for (std::size_t i = 0; side == 0; ++i) {
    try {
      const Image image = images.load(i, kMostSmallPixels + 1);
      const int shorter = std::min(image.width, image.height);
      side = shorter <= kMostSmallPixels ? std::max(shorter, kLeastPixels) : kLargeImages;
    } catch (const Error&) {
      if (i + 1 == images.size()) throw;
    }
  }
  return side;
}

Augmentation draw_augmentation(Generator& generator, int padding) {
  const auto shift = [&] {
    return static_cast<int>(generator.below(static_cast<std::uint64_t>(2 * padding + 1))) - padding;
  };
  Augmentation augmentation;
  augmentation.shift_x = shift();
  augmentation.shift_y = shift();
  augmentation.mirrored = generator.below(2) == 1;
  return augmentation;
}

void place_planes(const Image& image, const Augmentation& augmentation, std::span<float> out) {
  std::vector<float> plain(out.size());
  normalise(image, kImageNetStatistics, plain);
  const int side = image.width;
  for (int row = 0; row < 3 * side; ++row) {
    const int y = row % side + augmentation.shift_y;
    float* const to = out.data() + static_cast<std::ptrdiff_t>(row) * side;
    if (y < 0 || y >= side) {
      std::fill_n(to, side, 0.0f);
      continue;
    }
    const float* const from =
        plain.data() + static_cast<std::ptrdiff_t>(row + augmentation.shift_y) * side;
    for (int i = 0; i < side; ++i) {
      const int x = (augmentation.mirrored ? side - 1 - i : i) + augmentation.shift_x;
      to[i] = x >= 0 && x < side ? from[x] : 0.0f;
    }
  }
}

void draw_mask(Generator generator, float dropout, std::span<float> mask) {
  const float kept = 1.0f / (1.0f - dropout);
  for (float& factor : mask) factor = generator.uniform() < dropout ? 0.0f : kept;
}

}  // namespace goldpan
