#include <array>
#include <string>

#include <goldpan/core/error.hpp>
#include <goldpan/models/learner_table.hpp>

namespace goldpan {
namespace {

constexpr LearnerOption kLinear[] = {{{.name = "hidden",
                                       .type = OptionType::kCount,
                                       .standard = "0",
                                       .help = "units of the head's hidden layer; 0: a linear head",
                                       .most = 65536},
                                      "--hidden"},
                                     {{.name = "dropout",
                                       .standard = "0.05",
                                       .help = "share of the head's inputs dropped",
                                       .most = 0.95},
                                      "--dropout"},
                                     {{.name = "weight_decay",
                                       .standard = "0.03",
                                       .help = "L2 penalty of the head, scikit-learn's 1/C",
                                       .most = 1e6},
                                      "--weight-decay"}};

constexpr LearnerOption kResnet18[] = {
    {{.name = "width",
      .type = OptionType::kCount,
      .standard = "64",
      .help = "channels of the first stage; fewer train faster (16: about 16 times)",
      .least = 1,
      .most = 1024},
     "--resnet-width"},
    {{.name = "size",
      .type = OptionType::kCount,
      .standard = "0",
      .help = "height and width of its input; 0: the images' own up to 64, else 224",
      .most = 1024},
     "--resnet-size"},
    {{.name = "epochs",
      .type = OptionType::kCount,
      .standard = "30",
      .help = "passes over the labels in each training",
      .least = 1,
      .most = 1e6},
     "--epochs"},
    {{.name = "learning_rate",
      .standard = "0.1",
      .help = "peak of the cosine schedule, for batches of 128",
      .least = 1e-6,
      .most = 100},
     "--learning-rate"},
    {{.name = "dropout",
      .standard = "0.2",
      .help = "share of the penultimate features dropped",
      .most = 0.95},
     "--resnet-dropout"}};

constexpr auto kLearners = std::to_array<LearnerInfo>({
    {.name = "linear",
     .summary = "a head on the embeddings: softmax regression, or one hidden layer",
     .section = "model",
     .options = kLinear},
    {.name = "resnet18",
     .summary = "a ResNet-18 trained on the images themselves",
     .section = "resnet18",
     .learns_features = true,
     .build_option = "GOLDPAN_WITH_TORCH",
     .options = kResnet18},
});

}  // namespace

std::span<const LearnerInfo> learners() { return kLearners; }

const LearnerInfo& find_learner(std::string_view name) {
  std::string known;
  for (const LearnerInfo& info : kLearners) {
    if (info.name == name) return info;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  throw Error("--model", "got '" + std::string(name) + "', expected one of: " + known);
}

}  // namespace goldpan
