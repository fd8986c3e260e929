#include "vision.hpp"

#include <memory>
#include <mutex>
#include <string>

#include <goldpan/core/error.hpp>
#include <goldpan/imaging/resized_images.hpp>
#include <goldpan/models/resnet18.hpp>
#include <goldpan/vision/torch_build.hpp>

#include "encoders.hpp"

namespace {

namespace fs = std::filesystem;

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
    const goldpan::OptionValues values = goldpan::options_of_learner(settings, "resnet18");
    options.width = values.count("width");
    options.image_size = static_cast<int>(values.count("size"));
    options.epochs = values.count("epochs");
    options.learning_rate = values.real("learning_rate");
    options.dropout = static_cast<float>(values.real("dropout"));
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
  run.make_encoder = [say = run.say](const goldpan::Settings& wanted) {
    goldpan::EncoderOptions encoder =
        encoder_options(wanted.device, static_cast<int>(wanted.dinov2_size));
    encoder.name = wanted.encoder;
    encoder.dim = wanted.dim;
    encoder.weights = wanted.weights;
    encoder.say = say;
    return goldpan::make_named_encoder(encoder);
  };
}
