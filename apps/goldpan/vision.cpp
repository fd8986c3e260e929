#include "vision.hpp"

#include <memory>
#include <mutex>
#include <string>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/embed/dinov2.hpp>
#include <goldpan/imaging/resized_images.hpp>
#include <goldpan/models/resnet18.hpp>
#include <goldpan/vision/torch_build.hpp>

namespace {

namespace fs = std::filesystem;

// Below a folder of the search path; setup.sh --dinov2 writes it.
constexpr const char* kDefaultWeights = "dinov2-small/model.safetensors";

/// The file that --weights names, or the first default that is there; empty if none is.
fs::path find_weights(const goldpan::Settings& settings, const goldpan::RunOptions& run) {
  if (!settings.weights.empty()) return settings.weights;
  for (const fs::path& folder : run.search_path) {
    if (fs::exists(folder / kDefaultWeights)) return folder / kDefaultWeights;
  }
  return {};
}

std::unique_ptr<goldpan::Encoder> make_dinov2(const goldpan::Settings& settings,
                                              const fs::path& weights) {
  goldpan::Dinov2Options options;
  options.weights = weights;
  options.device = settings.device;
  options.size = static_cast<int>(settings.dinov2_size);
  return goldpan::make_dinov2_encoder(options);
}

/// Null for patches.
std::unique_ptr<goldpan::Encoder> make_encoder(const goldpan::Settings& settings,
                                               const goldpan::RunOptions& run) {
  const auto why = [&](const std::string& reason) {
    run.say("encoder auto: " + reason);
    return nullptr;
  };
  if (settings.encoder == "patches") {
    if (settings.weights.empty()) return nullptr;
    throw goldpan::Error("--weights", "are for --encoder dinov2, got --encoder patches");
  }
  if (settings.encoder != "dinov2" && settings.encoder != "auto") {
    throw goldpan::Error(
        "--encoder", fmt::format("got '{}', expected patches, dinov2 or auto", settings.encoder));
  }
  // Weights that were named are meant: without libtorch they are an error, not patches.
  const fs::path weights = find_weights(settings, run);
  if (settings.encoder == "auto" && settings.weights.empty()) {
    if (weights.empty()) {
      return why(fmt::format(
          "patches, since there are no DINOv2 weights in data/{} (./setup.sh --dinov2, or "
          "--weights)",
          kDefaultWeights));
    }
    if (!goldpan::torch_build().available) {
      return why(fmt::format(
          "patches, since this build cannot use {}; configure with -DGOLDPAN_WITH_TORCH=ON",
          weights.string()));
    }
    run.say(fmt::format("encoder auto: DINOv2, since its weights are there, {}", weights.string()));
  }
  goldpan::check_torch_device(settings.device, "--encoder dinov2");
  if (weights.empty()) {
    throw goldpan::Error(
        "--encoder dinov2",
        fmt::format("got no weights, expected data/{} (./setup.sh --dinov2 fetches "
                    "it) or --weights FILE",
                    kDefaultWeights));
  }
  return make_dinov2(settings, weights);
}

/// ResNet-18s on one set of images, which are decoded once for all of them.
class Resnet18Maker {
 public:
  Resnet18Maker(fs::path checkpoints, goldpan::Progress progress)
      : checkpoints_(std::move(checkpoints)), progress_(std::move(progress)) {}

  std::unique_ptr<goldpan::Classifier> make(const goldpan::Settings& settings,
                                            const goldpan::ModelInputs& inputs) {
    if (inputs.images == nullptr) {
      throw goldpan::Error("--model resnet18",
                           "learns from images, but the data are embeddings alone");
    }
    goldpan::Resnet18Options options;
    options.device = settings.device;
    options.width = settings.resnet_width;
    options.image_size = static_cast<int>(settings.resnet_size);
    options.epochs = settings.epochs;
    options.learning_rate = settings.learning_rate;
    options.dropout = static_cast<float>(settings.resnet_dropout);
    options.checkpoints = checkpoints_;
    options.fingerprint = inputs.fingerprint;
    options.progress = progress_;
    return goldpan::make_resnet18(resized(inputs, options), inputs.classes, options);
  }

 private:
  std::shared_ptr<const goldpan::ImageSource> resized(const goldpan::ModelInputs& inputs,
                                                      const goldpan::Resnet18Options& options) {
    const std::lock_guard lock(mutex_);
    if (images_ != inputs.images) {
      images_ = inputs.images;
      resized_ = std::make_shared<goldpan::ResizedImages>(
          images_, goldpan::resnet18_image_size(*images_, options));
    }
    return resized_;
  }

  const fs::path checkpoints_;
  const goldpan::Progress progress_;
  std::mutex mutex_;
  std::shared_ptr<const goldpan::ImageSource> images_, resized_;
};

}  // namespace

void use_vision(goldpan::RunOptions& run, const goldpan::Settings& settings,
                const fs::path& checkpoints) {
  if (settings.device != "cpu") goldpan::check_torch_device(settings.device, "--device");
  if (settings.model == "resnet18") {
    goldpan::check_torch_device(settings.device, "--model resnet18");
    run.facts.emplace_back("libtorch", goldpan::torch_build().version);
    // A training takes minutes: it must stop when the run is asked to.
    const auto maker =
        std::make_shared<Resnet18Maker>(checkpoints, goldpan::Progress{{}, run.loop_progress.stop});
    run.make_model = [maker](const goldpan::Settings& wanted, const goldpan::ModelInputs& inputs) {
      return maker->make(wanted, inputs);
    };
  }
  run.make_encoder = [search_path = run.search_path,
                      say = run.say](const goldpan::Settings& wanted) {
    goldpan::RunOptions told;
    told.search_path = search_path;
    told.say = say;
    return make_encoder(wanted, told);
  };
}
