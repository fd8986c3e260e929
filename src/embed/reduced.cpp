#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <goldpan/core/error.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/embed/reduced.hpp>

#include "kernels/blas.hpp"
#include "kernels/symmetric.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 1024;
// Rows of one product with the projection.
constexpr std::size_t kProductBlock = 64;
constexpr std::size_t kLoadBatch = 256;
constexpr int kSubspaceIterations = 8;

class ReducedEncoder final : public Encoder {
 public:
  ReducedEncoder(std::unique_ptr<Encoder> base, const ReducedOptions& options)
      : base_(std::move(base)), options_(options) {
    if (options.dim == 0 || options.dim > base_->dim()) {
      throw Error("dim", "is " + std::to_string(options.dim) + ", expected 1 to " +
                             std::to_string(base_->dim()) + ", the dimensions of " + base_->name());
    }
    if (options.pca_images == 0) throw Error("pca_images", "is 0, expected at least 1");
  }

  std::string name() const override { return base_->name(); }
  std::string description() const override {
    nlohmann::json description = nlohmann::json::parse(base_->description());
    description["reduced"] = {{"version", 1},
                              {"by", "standardised, PCA"},
                              {"dim", options_.dim},
                              {"pca_images", options_.pca_images},
                              {"seed", options_.seed}};
    if (!restored_.empty()) description["reduced"]["fitted"] = restored_;
    return description.dump();
  }
  std::size_t dim() const override { return options_.dim; }
  int min_side() const override { return base_->min_side(); }
  bool learns() const override { return restored_.empty(); }
  bool image_by_image() const override { return base_->image_by_image(); }
  Encoder* base() override { return base_.get(); }
  std::optional<MapShape> map_shape() const override { return base_->map_shape(); }
  void encode_maps(std::span<const Image> images, std::span<float> out,
                   Workers& workers) const override {
    base_->encode_maps(images, out, workers);
  }

  void fit(const ImageSource& images, std::span<const Index> fit_on, Workers& workers,
           const Progress& progress) override {
    if (!learns()) return;
    base_->fit(images, fit_on, workers, {});
    const std::vector<Index> sample = sample_of(fit_on);
    Matrix<float> rows(sample.size(), base_->dim());
    std::vector<Index> decoded;  // rows of the sample that could be
    for (std::size_t begin = 0; begin < sample.size(); begin += kLoadBatch) {
      progress.step(begin, sample.size());
      const std::size_t size = std::min(kLoadBatch, sample.size() - begin);
      std::vector<char> good(size, 0);
      workers.run(size, [&](std::size_t i) {
        Image image;
        try {
          image = images.load(sample[begin + i], min_side());
        } catch (const Error&) {
          return;  // embed_images tells the user when it comes to embedding it
        }
        base_->encode({&image, 1}, rows.view().rows_between(begin + i, begin + i + 1), workers);
        good[i] = 1;
      });
      for (std::size_t i = 0; i < size; ++i) {
        if (good[i] != 0) decoded.push_back(static_cast<Index>(begin + i));
      }
    }
    learn(rows, decoded, workers);
    progress.step(sample.size(), sample.size());
  }

  void fit_rows(MatrixView<const float> rows, std::span<const Index> fit_on,
                Workers& workers) override {
    if (learns()) learn(rows, sample_of(fit_on), workers);
  }

  void encode(std::span<const Image> images, MatrixView<float> out,
              Workers& workers) const override {
    Matrix<float> rows(images.size(), base_->dim());
    base_->encode(images, rows, workers);
    project(rows, out, workers);
  }

  void project(MatrixView<const float> rows, MatrixView<float> out,
               Workers& workers) const override {
    if (projection_.empty()) throw Error(name(), "encode was called before fit");
    assert(rows.rows() == out.rows() && rows.cols() == base_->dim() && out.cols() == dim());
    workers.for_blocks(rows.rows(), kProductBlock, [&](std::size_t begin, std::size_t end) {
      const Matrix<float> scaled = standardised(rows.rows_between(begin, end));
      multiply_transposed(scaled, projection_, out.rows_between(begin, end));
    });
  }

  std::map<std::string, Matrix<float>> learned() const override {
    auto learned = base_->learned();
    learned.emplace("reduced.mean", mean_);
    learned.emplace("reduced.scale", scale_);
    learned.emplace("reduced.projection", projection_);
    return learned;
  }

  void restore(const std::map<std::string, Matrix<float>>& learned) override {
    std::map<std::string, Matrix<float>> rest = learned;
    const auto take = [&](const char* key, std::size_t rows, std::size_t cols) {
      auto node = rest.extract(key);
      if (node.empty()) throw Error(name(), std::string("got nothing learned called ") + key);
      if (node.mapped().rows() != rows || node.mapped().cols() != cols) {
        throw Error(name(), std::string("got ") + key + " of " +
                                std::to_string(node.mapped().rows()) + " x " +
                                std::to_string(node.mapped().cols()) + ", expected " +
                                std::to_string(rows) + " x " + std::to_string(cols));
      }
      return std::move(node.mapped());
    };
    mean_ = take("reduced.mean", 1, base_->dim());
    scale_ = take("reduced.scale", 1, base_->dim());
    projection_ = take("reduced.projection", dim(), base_->dim());
    base_->restore(rest);
    restored_ = hash_of_learned(learned);
  }

 private:
  std::vector<Index> sample_of(std::span<const Index> fit_on) const {
    Generator generator = Generator(options_.seed).stream("reduced").stream("PCA images");
    std::vector<Index> sample =
        generator.sample(fit_on, std::min(fit_on.size(), options_.pca_images));
    std::ranges::sort(sample);
    return sample;
  }

  Matrix<float> standardised(MatrixView<const float> rows) const {
    Matrix<float> scaled(rows.rows(), rows.cols());
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      for (std::size_t k = 0; k < rows.cols(); ++k) {
        scaled(i, k) = (rows(i, k) - mean_(0, k)) * scale_(0, k);
      }
    }
    return scaled;
  }

  void learn(MatrixView<const float> rows, std::span<const Index> used, Workers& workers) {
    const std::size_t width = base_->dim();
    if (used.empty()) throw Error("fit_on", "holds no image that can be decoded");
    const auto n = static_cast<double>(used.size());
    std::vector<double> mean(width, 0), squares(width, 0);
    for (const Index row : used) {
      for (std::size_t k = 0; k < width; ++k) mean[k] += double{rows(row, k)};
    }
    for (double& value : mean) value /= n;
    for (const Index row : used) {
      for (std::size_t k = 0; k < width; ++k) {
        const double centred = rows(row, k) - mean[k];
        squares[k] += centred * centred;
      }
    }
    mean_ = Matrix<float>(1, width);
    scale_ = Matrix<float>(1, width);
    for (std::size_t k = 0; k < width; ++k) {
      const double deviation = std::sqrt(squares[k] / n);
      mean_(0, k) = static_cast<float>(mean[k]);
      // What never changes says nothing.
      scale_(0, k) = deviation > 1e-6 * std::max(1.0, std::fabs(mean[k]))
                         ? static_cast<float>(1 / deviation)
                         : 0.0f;
    }
    SymmetricMatrix correlation(width);
    for (std::size_t begin = 0; begin < used.size(); begin += kBlock) {
      const auto block = used.subspan(begin, std::min(kBlock, used.size() - begin));
      Matrix<float> gathered(block.size(), width);
      for (std::size_t i = 0; i < block.size(); ++i) {
        std::ranges::copy(rows.row(block[i]), gathered.row(i).begin());
      }
      correlation.add_outer_products(standardised(gathered), workers);
    }
    correlation.transform(
        [&](std::size_t, std::size_t, float value) { return static_cast<float>(value / n); },
        workers);
    const Eigen eigen =
        leading_eigenvectors(correlation, options_.dim, kSubspaceIterations,
                             Generator(options_.seed).stream("reduced").stream("PCA"), workers);
    projection_ = Matrix<float>(options_.dim, width);
    // Images that span fewer dimensions: the rest are zeros, not noise.
    const double floor = 1e-6 * eigen.values.front();
    for (std::size_t i = 0; i < options_.dim && eigen.values[i] > floor; ++i) {
      std::ranges::copy(eigen.vectors.row(i), projection_.row(i).begin());
    }
  }

  std::unique_ptr<Encoder> base_;
  ReducedOptions options_;
  Matrix<float> mean_, scale_, projection_;
  std::string restored_;
};

}  // namespace

std::unique_ptr<Encoder> make_reduced_encoder(std::unique_ptr<Encoder> base,
                                              const ReducedOptions& options) {
  return std::make_unique<ReducedEncoder>(std::move(base), options);
}

}  // namespace goldpan
