#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

#include "kernels/narrow_product.hpp"
#include "kernels/softmax.hpp"
#include "kernels/symmetric.hpp"
#include "models/heads.hpp"
#include "models/softmax_regression.hpp"

namespace goldpan {
namespace {

/// What fit() learns; never changed afterwards, so that heads and their passes may share it.
struct Learned {
  ColumnScales scales;
  LinearLayer layer;
  Matrix<float> moments;  ///< InputMoments::full
};

/// The orthonormal basis in which dropout acts, as rows: the principal components of the inputs, or
/// nothing (the columns themselves) where there are too many.
Matrix<float> dropout_basis(const Matrix<float>& moments) {
  if (moments.empty()) return {};
  Matrix<double> full(moments.rows(), moments.cols());
  std::copy_n(moments.data(), full.size(), full.data());
  return eigen_of_symmetric(full).vectors;
}

/// Monte Carlo dropout of a linear layer. A pass's mask scales rows of the weights, so that all K
/// passes over a block of rows are one product X [W_1 | ... | W_K], and softmax follows while the
/// block is in cache.
class LinearPasses : public StochasticPasses {
 public:
  LinearPasses(const Embeddings& embeddings, std::shared_ptr<const Learned> learned,
               std::size_t passes, std::size_t classes, float dropout, float temperature,
               const Generator& generator)
      : embeddings_(embeddings),
        learned_(std::move(learned)),
        passes_(passes),
        classes_(classes),
        weights_(embeddings.cols(), padded_width(passes * classes)),
        bias_(weights_.cols()) {
    const std::size_t dim = embeddings.cols();
    const LinearLayer& layer = learned_->layer;
    const Matrix<float> basis = dropout > 0 ? dropout_basis(learned_->moments) : Matrix<float>();
    Matrix<float> components(dim, layer.weights.cols());  // Q W: one row a component
    if (basis.empty()) {
      components = layer.weights;
    } else {
      const std::vector<float> none(components.cols());
      multiply_narrow(basis, layer.weights, none, components);
    }
    const float kept = 1.0f / (temperature * (1.0f - dropout));
    Matrix<float> masked(dim, weights_.cols());
    for (std::size_t k = 0; k < passes; ++k) {
      Generator mask = generator.stream("mask").stream(k);
      for (std::size_t j = 0; j < dim; ++j) {
        const float factor = mask.uniform() < double{dropout} ? 0.0f : kept;
        for (std::size_t c = 0; c < classes; ++c) {
          masked(j, k * classes + c) = factor * components(j, c);
        }
      }
      for (std::size_t c = 0; c < classes; ++c) {
        bias_[k * classes + c] = layer.bias[c] / temperature;
      }
    }
    if (basis.empty()) {
      weights_ = std::move(masked);
    } else {
      add_transposed_narrow(basis, masked, weights_);  // back: Q^T (mask * Q W)
    }
  }

  std::size_t passes() const override { return passes_; }
  std::size_t classes() const override { return classes_; }
  std::size_t rows() const override { return embeddings_.rows(); }

  void probabilities(std::span<const Index> rows, std::span<float> out) const override {
    assert(out.size() == rows.size() * passes_ * classes_);
    constexpr std::size_t kBlock = 64;
    Matrix<float> inputs(std::min(kBlock, rows.size()), embeddings_.cols());
    for (std::size_t begin = 0; begin < rows.size(); begin += kBlock) {
      const std::size_t count = std::min(kBlock, rows.size() - begin);
      const MatrixView<float> block = inputs.view().rows_between(0, count);
      learned_->scales.gather(embeddings_, rows.subspan(begin, count), block);
      float* const to = out.data() + begin * passes_ * classes_;
      multiply_narrow(block, weights_, bias_, {to, count, passes_ * classes_});
      softmax_rows({to, count * passes_, classes_});
    }
  }

 private:
  const Embeddings embeddings_;
  std::shared_ptr<const Learned> learned_;
  std::size_t passes_;
  std::size_t classes_;
  Matrix<float> weights_;  // D x padded K C
  std::vector<float> bias_;
};

class LinearHead : public Head {
 public:
  LinearHead(const Embeddings& embeddings, std::size_t classes, const HeadOptions& options,
             std::shared_ptr<const Learned> learned)
      : embeddings_(embeddings),
        classes_(classes),
        options_(options),
        learned_(std::move(learned)) {}

  std::size_t classes() const override { return classes_; }

  void fit(std::span<const Index> rows, std::span<const std::int32_t> labels,
           std::span<const float> weights, Generator /*generator*/, Workers& workers) override {
    const TrainingSet set = make_training_set(embeddings_, classes_, rows, labels, weights);
    ColumnScales scales = fit_column_scales(embeddings_, set.rows, options_.scaling, 1.0);
    const Matrix<float> inputs = gather_inputs(embeddings_, set.rows, scales, workers);
    SoftmaxRegressionOptions options;
    options.weight_decay = options_.weight_decay;
    options.dropout = options_.dropout;
    SoftmaxRegression model =
        fit_softmax_regression({inputs, set.labels, set.weights, classes_}, options, workers);
    learned_ = std::make_shared<const Learned>(
        Learned{std::move(scales), std::move(model.layer), std::move(model.moments.full)});
  }

  void logits(std::span<const Index> rows, MatrixView<float> out, Workers& workers) const override {
    assert(learned_ && out.rows() == rows.size() && out.cols() == classes_);
    for_scaled_blocks(embeddings_, learned_->scales, rows, workers,
                      [&](MatrixView<const float> inputs, std::size_t begin) {
                        multiply_narrow(inputs, learned_->layer.weights, learned_->layer.bias,
                                        out.rows_between(begin, begin + inputs.rows()));
                      });
  }

  std::size_t feature_dim() const override { return 0; }
  void features(std::span<const Index> /*rows*/, MatrixView<float> /*out*/,
                Workers& /*workers*/) const override {
    assert(false && "a linear head's features are the embeddings");
  }

  std::unique_ptr<StochasticPasses> stochastic_passes(std::size_t passes, float temperature,
                                                      Generator generator) const override {
    assert(learned_ && temperature > 0);
    return std::make_unique<LinearPasses>(embeddings_, learned_, passes, classes_, options_.dropout,
                                          temperature, generator);
  }

  std::unique_ptr<Head> on(const Embeddings& embeddings) const override {
    assert(learned_);
    check_columns(embeddings, learned_->scales.mean.size());
    return std::make_unique<LinearHead>(embeddings, classes_, options_, learned_);
  }

  HeadState state() const override {
    assert(learned_);
    return {{"mean", as_row(learned_->scales.mean)},
            {"scale", as_row(learned_->scales.scale)},
            {"weights", learned_->layer.weights},
            {"bias", as_row(learned_->layer.bias)},
            {"moments", learned_->moments}};
  }

 private:
  Embeddings embeddings_;
  std::size_t classes_;
  HeadOptions options_;
  std::shared_ptr<const Learned> learned_;  ///< null before fit()
};

std::shared_ptr<const Learned> learned_from(const HeadState& state, std::size_t dim,
                                            std::size_t classes) {
  const std::size_t width = padded_width(classes);
  const std::size_t moments = dim <= InputMoments::kMaxDim ? dim : 0;
  return std::make_shared<const Learned>(
      Learned{{from_row(stored(state, "mean", 1, dim)), from_row(stored(state, "scale", 1, dim))},
              {stored(state, "weights", dim, width), from_row(stored(state, "bias", 1, width))},
              stored(state, "moments", moments, moments)});
}

}  // namespace

std::unique_ptr<Head> make_linear_head(const Embeddings& embeddings, std::size_t classes,
                                       const HeadOptions& options, const HeadState* state) {
  return std::make_unique<LinearHead>(
      embeddings, classes, options,
      state == nullptr ? nullptr : learned_from(*state, embeddings.cols(), classes));
}

}  // namespace goldpan
