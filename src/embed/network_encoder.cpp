#include <algorithm>
#include <cassert>
#include <limits>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <goldpan/core/error.hpp>
#include <goldpan/embed/network_encoder.hpp>
#include <goldpan/networks/network.hpp>

namespace goldpan {
namespace {

using Layout = NetworkPreprocessing::Layout;
using Pooling = NetworkPreprocessing::Pooling;
using Resize = NetworkPreprocessing::Resize;
using Shape = std::vector<std::size_t>;

constexpr std::size_t kChannels = 3;

const char* name_of(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::kBilinear:
      return "bilinear";
    case ResizeFilter::kLanczos:
      return "lanczos";
    default:
      return "bicubic";
  }
}

const char* name_of(Pooling pooling) {
  switch (pooling) {
    case Pooling::kMax:
      return "max";
    case Pooling::kFirst:
      return "first";
    case Pooling::kFlatten:
      return "flatten";
    default:
      return "mean";
  }
}

std::string to_text(const Shape& shape) {
  return describe_port_shape(std::vector<std::int64_t>(shape.begin(), shape.end()));
}

/// An output as places (of a map, or tokens) of channels each.
struct Places {
  std::size_t count = 1, channels = 0;
  bool channels_last = true;  ///< else all places of a channel lie together
};

Places places_of(const Shape& shape, Layout layout, const std::string& where) {
  if (shape.size() == 2) return {1, shape[1], true};
  if (shape.size() == 3) return {shape[1], shape[2], true};  // tokens
  if (shape.size() == 4 && layout == Layout::kNchw) return {shape[2] * shape[3], shape[1], false};
  if (shape.size() == 4) return {shape[1] * shape[2], shape[3], true};
  throw Error(where, "has an output of " + to_text(shape) +
                         ", expected 1 x D, 1 x tokens x D or a map of four dimensions");
}

/// The options with all that the file decides filled in, or an Error.
NetworkEncoderOptions resolve(NetworkEncoderOptions options) {
  const std::string where = options.file.string();
  NetworkPreprocessing& p = options.preprocessing;
  const NetworkInfo info = inspect_network(options.file);
  if (info.inputs.size() != 1) {
    throw Error(where, "has " + std::to_string(info.inputs.size()) +
                           " inputs, expected one that takes an image");
  }
  const auto& shape = info.inputs[0].shape;
  const bool nchw = p.layout == Layout::kNchw;
  if (!shape.empty()) {
    if (shape.size() != 4) {
      throw Error(where, "takes an input of " + describe_port_shape(shape) +
                             ", expected four dimensions, those of images");
    }
    const std::int64_t channels = nchw ? shape[1] : shape[3];
    if (channels != -1 && channels != static_cast<std::int64_t>(kChannels)) {
      throw Error(where, "takes an input of " + describe_port_shape(shape) +
                             ", expected 3 channels; is its layout " + (nchw ? "nhwc" : "nchw") +
                             " (" + where + ".toml)?");
    }
    const auto fill = [](int& side, std::int64_t stated) {
      if (side == 0 && stated > 0) side = static_cast<int>(std::min<std::int64_t>(stated, 16384));
    };
    fill(p.height, nchw ? shape[2] : shape[1]);
    fill(p.width, nchw ? shape[3] : shape[2]);
  }
  if (p.height == 0 || p.width == 0) {
    throw Error(where, "takes images of any size (" + describe_port_shape(shape) +
                           "), expected a line such as size = 224 in " + where + ".toml");
  }
  if (p.resize == Resize::kShorter) {
    if (p.height != p.width) {
      throw Error(where, "takes " + std::to_string(p.height) + " x " + std::to_string(p.width) +
                             " pixels, which resize = \"shorter\" cannot cut out; expected "
                             "resize = \"stretch\"");
    }
    if (p.shorter_side == 0) p.shorter_side = p.height * 256 / 224;
    if (p.shorter_side < p.height) {
      throw Error(where, "got shorter_side " + std::to_string(p.shorter_side) +
                             ", expected at least size, " + std::to_string(p.height));
    }
  }
  return options;
}

class NetworkEncoder final : public Encoder {
 public:
  explicit NetworkEncoder(const NetworkEncoderOptions& options)
      : options_(options),
        network_(network_options(options.preprocessing.outputs)),
        hash_(network_hash(options.file)) {
    const NetworkPreprocessing& p = options_.preprocessing;
    for (const Shape& shape : network_.output_shapes()) {
      places_.push_back(places_of(shape, p.layout, options.file.string()));
      const Places& places = places_.back();
      widths_.push_back(p.pooling == Pooling::kFlatten ? places.count * places.channels
                                                       : places.channels);
      dim_ += widths_.back();
    }
    if (dim_ == 0) throw Error(options.file.string(), "has an output of no numbers");
    // (value / 255 * range - mean) / deviation of the 256 values that there are.
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
      for (std::size_t value = 0; value < 256; ++value) {
        const float scaled =
            p.range == 255 ? static_cast<float>(value) : static_cast<float>(value) / 255.0f;
        table_[channel][value] =
            (scaled - p.statistics.mean[channel]) / p.statistics.deviation[channel];
      }
    }
  }

  std::string name() const override { return options_.name; }

  std::string description() const override {
    const NetworkPreprocessing& p = options_.preprocessing;
    return nlohmann::json{
        {"encoder", name()},
        {"file", options_.file.filename().string()},
        {"weights_sha256", hash_},
        {"size", {p.height, p.width}},
        {"resize", p.resize == Resize::kStretch ? "stretch" : "shorter"},
        {"shorter_side", p.shorter_side},
        {"filter", name_of(p.filter)},
        {"channels", p.bgr ? "bgr" : "rgb"},
        {"range", p.range},
        {"mean", p.statistics.mean},
        {"std", p.statistics.deviation},
        {"layout", p.layout == Layout::kNchw ? "nchw" : "nhwc"},
        {"outputs", p.outputs},
        {"pooling", name_of(p.pooling)},
        {"min_side", min_side()},
        {"openvino", networks_build().version},
    }
        .dump();
  }

  std::size_t dim() const override { return dim_; }
  bool learns() const override { return false; }
  bool image_by_image() const override { return true; }

  int min_side() const override {
    const NetworkPreprocessing& p = options_.preprocessing;
    if (!p.reduced_decoding) return 0;
    return 2 * (p.resize == Resize::kShorter ? p.shorter_side : std::max(p.height, p.width));
  }

  void fit(const ImageSource&, std::span<const Index>, Workers&, const Progress&) override {}

  void encode(std::span<const Image> images, MatrixView<float> out,
              Workers& workers) const override {
    assert(out.rows() == images.size() && out.cols() == dim());
    workers.run(images.size(), [&](std::size_t i) {
      network_.run([&](std::span<float> input) { write_input(images[i], input); },
                   [&](std::span<const std::span<const float>> outputs) {
                     std::span<float> row = out.row(i);
                     for (std::size_t k = 0; k < outputs.size(); ++k) {
                       pool(outputs[k], places_[k], row.first(widths_[k]));
                       row = row.subspan(widths_[k]);
                     }
                   });
    });
  }

  std::optional<MapShape> map_shape() const override {
    if (options_.preprocessing.map.empty()) return std::nullopt;
    const Shape& shape = map_network().output_shapes()[0];
    if (shape.size() != 4) {
      throw Error(options_.file.string(),
                  "has a map of " + to_text(shape) + ", expected four dimensions");
    }
    const bool nchw = options_.preprocessing.layout == Layout::kNchw;
    return nchw ? MapShape{shape[2], shape[3], shape[1]} : MapShape{shape[1], shape[2], shape[3]};
  }

  void encode_maps(std::span<const Image> images, std::span<float> out,
                   Workers& workers) const override {
    const auto shape = map_shape();
    if (!shape) return Encoder::encode_maps(images, out, workers);
    const std::size_t places = shape->height * shape->width, size = places * shape->channels;
    assert(out.size() == images.size() * size);
    const bool nchw = options_.preprocessing.layout == Layout::kNchw;
    const Network& network = map_network();
    workers.run(images.size(), [&](std::size_t i) {
      network.run([&](std::span<float> input) { write_input(images[i], input); },
                  [&](std::span<const std::span<const float>> outputs) {
                    const std::span<float> to = out.subspan(i * size, size);
                    if (!nchw) {
                      std::ranges::copy(outputs[0], to.begin());
                      return;
                    }
                    for (std::size_t c = 0; c < shape->channels; ++c) {
                      for (std::size_t at = 0; at < places; ++at) {
                        to[at * shape->channels + c] = outputs[0][c * places + at];
                      }
                    }
                  });
    });
  }

 private:
  Network::Options network_options(const std::vector<std::string>& outputs) const {
    const NetworkPreprocessing& p = options_.preprocessing;
    const auto height = static_cast<std::size_t>(p.height),
               width = static_cast<std::size_t>(p.width);
    return {options_.file,
            p.layout == Layout::kNchw ? Shape{1, kChannels, height, width}
                                      : Shape{1, height, width, kChannels},
            outputs};
  }

  /// Compiled when it is first asked for: few want maps.
  const Network& map_network() const {
    const std::lock_guard lock(mutex_);
    if (!map_network_) {
      map_network_ = std::make_unique<Network>(network_options({options_.preprocessing.map}));
    }
    return *map_network_;
  }

  void write_input(const Image& image, std::span<float> input) const {
    const NetworkPreprocessing& p = options_.preprocessing;
    const Image fitted = p.resize == Resize::kStretch
                             ? resize(image, p.width, p.height, p.filter)
                             : resize_and_crop(image, p.shorter_side, p.height, p.filter);
    const std::size_t plane = fitted.pixels.size() / kChannels;
    assert(input.size() == fitted.pixels.size());
    const std::size_t step = p.layout == Layout::kNchw ? 1 : kChannels;
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
      const std::size_t source = p.bgr ? kChannels - 1 - channel : channel;
      // Mean and deviation go with the network's channels, as they are published.
      const std::array<float, 256>& table = table_[channel];
      float* to = input.data() + (step == 1 ? channel * plane : channel);
      const std::uint8_t* from = fitted.pixels.data() + source;
      for (std::size_t i = 0; i < plane; ++i) to[i * step] = table[from[i * kChannels]];
    }
  }

  /// Sums in double, in the order of the places: what a map's mean is does not depend on anything
  /// else.
  void pool(std::span<const float> values, const Places& places, std::span<float> out) const {
    const Pooling pooling = options_.preprocessing.pooling;
    if (places.count == 1 || pooling == Pooling::kFlatten) {
      std::ranges::copy(values, out.begin());
      return;
    }
    const std::size_t channel_step = places.channels_last ? 1 : places.count;
    const std::size_t place_step = places.channels_last ? places.channels : 1;
    const std::size_t count = pooling == Pooling::kFirst ? 1 : places.count;
    for (std::size_t c = 0; c < places.channels; ++c) {
      const float* const at = values.data() + c * channel_step;
      double sum = 0;
      float largest = -std::numeric_limits<float>::infinity();
      for (std::size_t i = 0; i < count; ++i) {
        sum += double{at[i * place_step]};
        largest = std::max(largest, at[i * place_step]);
      }
      out[c] =
          pooling == Pooling::kMax ? largest : static_cast<float>(sum / static_cast<double>(count));
    }
  }

  NetworkEncoderOptions options_;
  Network network_;
  std::string hash_;
  std::vector<Places> places_;
  std::vector<std::size_t> widths_;
  std::size_t dim_ = 0;
  std::array<std::array<float, 256>, kChannels> table_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Network> map_network_;
};

}  // namespace

std::unique_ptr<Encoder> make_network_encoder(const NetworkEncoderOptions& options) {
  return std::make_unique<NetworkEncoder>(resolve(options));
}

std::unique_ptr<Encoder> make_network_encoder(const std::filesystem::path& file,
                                              const std::string& name) {
  // Compiled out or no network at all: said before a missing TOML is.
  inspect_network(file);
  return make_network_encoder({name, file, read_preprocessing(file.string() + ".toml")});
}

}  // namespace goldpan
