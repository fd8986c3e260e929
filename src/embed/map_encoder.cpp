#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <goldpan/core/error.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/embed/map_encoder.hpp>

#include "kernels/blas.hpp"
#include "kernels/symmetric.hpp"

namespace goldpan {
namespace {

constexpr int kSubspaceIterations = 8;

class MapEncoder final : public Encoder {
 public:
  MapEncoder(std::unique_ptr<Encoder> base, const MapEncoderOptions& options)
      : base_(std::move(base)), options_(options) {
    const std::optional<MapShape> shape = base_->map_shape();
    if (!shape) {
      throw Error("--encoder", "got " + base_->name() +
                                   ", which has no feature maps; expected gradients, lite0, or "
                                   "network:FILE whose TOML names a map");
    }
    shape_ = *shape;
    if (options.channels == 0) throw Error("channels", "is 0, expected at least 1");
    channels_ = std::min(options.channels, shape_.channels);
  }

  std::string name() const override { return base_->name() + "_maps"; }
  std::string description() const override {
    nlohmann::json description = nlohmann::json::parse(base_->description());
    description["maps"] = {{"version", 1},
                           {"shape", {shape_.height, shape_.width, shape_.channels}},
                           {"channels", channels_}};
    if (reduces()) {
      description["maps"]["by"] = "standardised, PCA of cells";
      description["maps"]["pca_images"] = options_.pca_images;
      description["maps"]["seed"] = options_.seed;
    }
    return description.dump();
  }
  std::size_t dim() const override { return cells() * channels_; }
  int min_side() const override { return base_->min_side(); }
  bool learns() const override { return base_->learns() || reduces(); }
  bool image_by_image() const override { return base_->image_by_image(); }
  std::optional<MapShape> map_shape() const override {
    return MapShape{shape_.height, shape_.width, channels_};
  }

  void fit(const ImageSource& images, std::span<const Index> fit_on, Workers& workers,
           const Progress& progress) override {
    base_->fit(images, fit_on, workers, {});
    if (!reduces()) return;
    Generator generator = Generator(options_.seed).stream("maps").stream("PCA images");
    std::vector<Index> sample =
        generator.sample(fit_on, std::min(fit_on.size(), options_.pca_images));
    std::ranges::sort(sample);
    std::vector<Matrix<float>> maps(sample.size());
    workers.run(sample.size(), [&](std::size_t i) {
      Image image;
      try {
        image = images.load(sample[i], min_side());
      } catch (const Error&) {
        return;  // embed_images tells the user when it comes to it
      }
      maps[i] = Matrix<float>(cells(), shape_.channels);
      base_->encode_maps({&image, 1}, {maps[i].data(), maps[i].size()}, workers);
    });
    std::erase_if(maps, [](const Matrix<float>& map) { return map.empty(); });
    if (maps.empty()) throw Error("fit_on", "holds no image that can be decoded");
    learn(maps, workers);
    progress.step(1, 1);
  }

  void encode(std::span<const Image> images, MatrixView<float> out,
              Workers& workers) const override {
    if (reduces() && projection_.empty()) throw Error(name(), "encode was called before fit");
    workers.run(images.size(), [&](std::size_t i) {
      if (!reduces()) {
        base_->encode_maps(images.subspan(i, 1), out.row(i), workers);
        return;
      }
      Matrix<float> map(cells(), shape_.channels);
      base_->encode_maps(images.subspan(i, 1), {map.data(), map.size()}, workers);
      standardise(map);
      multiply_transposed(map, projection_, {out.row(i).data(), cells(), channels_});
    });
  }

 private:
  bool reduces() const { return channels_ < shape_.channels; }
  std::size_t cells() const { return shape_.height * shape_.width; }

  void standardise(MatrixView<float> map) const {
    for (std::size_t i = 0; i < map.rows(); ++i) {
      for (std::size_t c = 0; c < map.cols(); ++c) map(i, c) = (map(i, c) - mean_[c]) * scale_[c];
    }
  }

  void learn(std::vector<Matrix<float>>& maps, Workers& workers) {
    const std::size_t width = shape_.channels;
    const double n = static_cast<double>(maps.size()) * static_cast<double>(cells());
    std::vector<double> mean(width), squares(width);
    for (const Matrix<float>& map : maps) {
      for (std::size_t i = 0; i < map.rows(); ++i) {
        for (std::size_t c = 0; c < width; ++c) mean[c] += double{map(i, c)};
      }
    }
    for (double& value : mean) value /= n;
    for (const Matrix<float>& map : maps) {
      for (std::size_t i = 0; i < map.rows(); ++i) {
        for (std::size_t c = 0; c < width; ++c) {
          const double centred = double{map(i, c)} - mean[c];
          squares[c] += centred * centred;
        }
      }
    }
    mean_.resize(width);
    scale_.resize(width);
    for (std::size_t c = 0; c < width; ++c) {
      const double deviation = std::sqrt(squares[c] / n);
      mean_[c] = static_cast<float>(mean[c]);
      scale_[c] = deviation > 1e-6 * std::max(1.0, std::fabs(mean[c]))
                      ? static_cast<float>(1 / deviation)
                      : 0.0f;
    }
    SymmetricMatrix correlation(width);
    for (Matrix<float>& map : maps) {
      standardise(map);
      correlation.add_outer_products(map, workers);
    }
    correlation.transform([&](std::size_t, std::size_t,
                              float value) { return static_cast<float>(double{value} / n); },
                          workers);
    const Eigen eigen =
        leading_eigenvectors(correlation, channels_, kSubspaceIterations,
                             Generator(options_.seed).stream("maps").stream("PCA"), workers);
    projection_ = Matrix<float>(channels_, width);
    const double floor = 1e-6 * eigen.values.front();
    for (std::size_t i = 0; i < channels_ && eigen.values[i] > floor; ++i) {
      std::ranges::copy(eigen.vectors.row(i), projection_.row(i).begin());
    }
  }

  std::unique_ptr<Encoder> base_;
  MapEncoderOptions options_;
  MapShape shape_;
  std::size_t channels_ = 0;
  std::vector<float> mean_, scale_;
  Matrix<float> projection_;
};

}  // namespace

std::unique_ptr<Encoder> make_map_encoder(std::unique_ptr<Encoder> base,
                                          const MapEncoderOptions& options) {
  return std::make_unique<MapEncoder>(std::move(base), options);
}

}  // namespace goldpan
