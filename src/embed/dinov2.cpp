#include <algorithm>
#include <cassert>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <goldpan/core/error.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/embed/dinov2.hpp>
#include <goldpan/imaging/resize.hpp>
#include <goldpan/vision/torch_build.hpp>

#include "embed/dinov2_network.hpp"
#include "embed/dinov2_weights.hpp"
#include "vision/torch_support.hpp"

namespace goldpan {
namespace {

constexpr const char* kWhere = "make_dinov2_encoder";
constexpr int kPatch = static_cast<int>(kDinov2Patch);
constexpr int kMostPixels = 14 * 256;  // 65,536 tokens, whose attention fills any machine

const char* name_of(Precision precision) {
  switch (precision) {
    case Precision::kFloat16:
      return "float16";
    case Precision::kBFloat16:
      return "bfloat16";
    default:
      return "float32";
  }
}

/// The options with every choice made, or an Error.
Dinov2Options resolve(Dinov2Options options) {
  if (options.size <= 0 || options.size % kPatch != 0 || options.size > kMostPixels) {
    throw Error(kWhere, "got size " + std::to_string(options.size) +
                            ", expected a multiple of 14 up to " + std::to_string(kMostPixels));
  }
  if (options.batch == 0) throw Error(kWhere, "got batch 0, expected at least 1");
  check_torch_device(options.device, kWhere);
  const bool on_cpu = options.device == "cpu";
  if (options.precision == Precision::kAuto) {
    options.precision = on_cpu ? Precision::kFloat32 : Precision::kFloat16;
  }
  if (on_cpu && options.precision != Precision::kFloat32) {
    throw Error(kWhere, std::string("got ") + name_of(options.precision) +
                            " on the CPU, expected float32; half precision needs CUDA");
  }
  return options;
}

class Dinov2Encoder final : public Encoder {
 public:
  explicit Dinov2Encoder(const Dinov2Options& options)
      : options_(options),
        weights_(options.weights),
        architecture_(check_dinov2_weights(weights_)),
        network_(weights_, architecture_, options.size, options.device, options.precision),
        weights_hash_(Sha256().update(MappedFile(options.weights).bytes()).hex()) {}

  std::string name() const override { return architecture_.name(); }

  std::string description() const override {
    const nlohmann::json description = {
        {"encoder", name()},
        {"weights_sha256", weights_hash_},
        {"output", "class token after the final layer norm"},
        {"size", options_.size},
        {"shorter_side", shorter_side()},
        {"resize", "bicubic, antialiased, 8 bits"},
        {"statistics", "imagenet"},
        {"min_side", min_side()},
        // Not the number of the GPU: it does not change what is computed.
        {"device", options_.device.substr(0, options_.device.find(':'))},
        {"precision", name_of(options_.precision)},
        {"libtorch", torch_build().version},
    };
    return description.dump();
  }

  std::size_t dim() const override { return architecture_.dim; }
  bool learns() const override { return false; }
  int min_side() const override { return options_.reduced_decoding ? 2 * shorter_side() : 0; }

  void fit(const ImageSource&, std::span<const Index>, Workers&, const Progress&) override {}

  void encode(std::span<const Image> images, MatrixView<float> out,
              Workers& workers) const override {
    assert(out.rows() == images.size() && out.cols() == dim());
    translate_torch_errors("dinov2", [&] {
      if (options_.device == "cpu") {
        encode_on_cpu(images, out, workers);
      } else {
        encode_on_gpu(images, out, workers);
      }
    });
  }

 private:
  int shorter_side() const { return options_.size * 256 / 224; }
  std::size_t planes_size() const {
    return 3 * static_cast<std::size_t>(options_.size) * static_cast<std::size_t>(options_.size);
  }
  void preprocess(const Image& image, std::span<float> planes) const {
    normalise(resize_and_crop(image, shorter_side(), options_.size), kImageNetStatistics, planes);
  }

  /// An image at a time on each thread: its activations stay in the core's own cache, no thread
  /// waits for another, and a row cannot depend on its neighbours.
  void encode_on_cpu(std::span<const Image> images, MatrixView<float> out, Workers& workers) const {
    workers.run(images.size(), [&](std::size_t i) {
      std::vector<float> planes(planes_size());
      preprocess(images[i], planes);
      network_.forward(planes.data(), out.rows_between(i, i + 1));
    });
  }

  /// Every pass has the full batch, the last one filled up with black images: products of one shape
  /// round alike, so that a row does not depend on how many rows there are.
  void encode_on_gpu(std::span<const Image> images, MatrixView<float> out, Workers& workers) const {
    std::vector<float> planes(options_.batch * planes_size());
    Matrix<float> tokens(options_.batch, dim());
    for (std::size_t begin = 0; begin < images.size(); begin += options_.batch) {
      const std::size_t count = std::min(options_.batch, images.size() - begin);
      workers.run(count, [&](std::size_t i) {
        preprocess(images[begin + i], std::span(planes).subspan(i * planes_size(), planes_size()));
      });
      std::fill(planes.begin() + static_cast<std::ptrdiff_t>(count * planes_size()), planes.end(),
                0.0f);
      network_.forward(planes.data(), tokens);
      std::copy_n(tokens.data(), count * dim(), out.row(begin).data());
    }
  }

  Dinov2Options options_;
  SafetensorsFile weights_;
  Dinov2Architecture architecture_;
  Dinov2Network network_;
  std::string weights_hash_;
};

}  // namespace

std::unique_ptr<Encoder> make_dinov2_encoder(const Dinov2Options& options) {
  const Dinov2Options resolved = resolve(options);
  return translate_torch_errors(kWhere, [&]() -> std::unique_ptr<Encoder> {
    return std::make_unique<Dinov2Encoder>(resolved);
  });
}

}  // namespace goldpan
