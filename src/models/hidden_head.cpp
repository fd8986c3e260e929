#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

#include "kernels/narrow_product.hpp"
#include "kernels/softmax.hpp"
#include "models/heads.hpp"
#include "models/hidden_layer.hpp"

namespace goldpan {
namespace {

/// What fit() learns; never changed afterwards, so that heads and their passes may share it.
struct Learned {
  ColumnScales scales;
  HiddenNetwork network;
};

/// Monte Carlo dropout of both layers: a pass has one mask for the inputs and one for the hidden
/// units.
class HiddenPasses : public StochasticPasses {
 public:
  HiddenPasses(const Embeddings& embeddings, std::shared_ptr<const Learned> learned,
               std::size_t passes, std::size_t classes, float dropout, float temperature,
               const Generator& generator)
      : embeddings_(embeddings),
        learned_(std::move(learned)),
        passes_(passes),
        classes_(classes),
        temperature_(temperature),
        input_masks_(passes, embeddings.cols()),
        hidden_masks_(passes, learned_->network.first.weights.cols()) {
    const float kept = 1.0f / (1.0f - dropout);
    for (std::size_t k = 0; k < passes; ++k) {
      const auto draw = [&](const char* name, std::span<float> mask) {
        Generator generator_of_mask = generator.stream(name).stream(k);
        for (float& factor : mask) {
          factor = generator_of_mask.uniform() < double{dropout} ? 0.0f : kept;
        }
      };
      draw("mask", input_masks_.row(k));
      draw("hidden mask", hidden_masks_.row(k));
    }
  }

  std::size_t passes() const override { return passes_; }
  std::size_t classes() const override { return classes_; }
  std::size_t rows() const override { return embeddings_.rows(); }

  void probabilities(std::span<const Index> rows, std::span<float> out) const override {
    assert(out.size() == rows.size() * passes_ * classes_);
    const HiddenNetwork& network = learned_->network;
    constexpr std::size_t kBlock = 64;
    const std::size_t most = std::min(kBlock, rows.size());
    Matrix<float> inputs(most, embeddings_.cols()), masked(most, embeddings_.cols());
    Matrix<float> hidden(most, hidden_masks_.cols()), logits(most, classes_);
    for (std::size_t begin = 0; begin < rows.size(); begin += kBlock) {
      const std::size_t count = std::min(kBlock, rows.size() - begin);
      const auto first = [count](Matrix<float>& matrix) {
        return matrix.view().rows_between(0, count);
      };
      learned_->scales.gather(embeddings_, rows.subspan(begin, count), first(inputs));
      for (std::size_t k = 0; k < passes_; ++k) {
        multiply_rows(first(inputs), input_masks_.row(k), first(masked));
        hidden_activations(network, first(masked), first(hidden));
        multiply_rows(first(hidden), hidden_masks_.row(k), first(hidden));
        multiply_narrow(first(hidden), network.second.weights, network.second.bias, first(logits));
        softmax_rows(first(logits), 1.0f / temperature_);
        for (std::size_t i = 0; i < count; ++i) {
          std::ranges::copy(
              logits.row(i),
              out.begin() + static_cast<std::ptrdiff_t>(((begin + i) * passes_ + k) * classes_));
        }
      }
    }
  }

 private:
  static void multiply_rows(MatrixView<const float> rows, std::span<const float> factors,
                            MatrixView<float> out) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      for (std::size_t j = 0; j < rows.cols(); ++j) out(i, j) = rows(i, j) * factors[j];
    }
  }

  const Embeddings embeddings_;
  std::shared_ptr<const Learned> learned_;
  std::size_t passes_;
  std::size_t classes_;
  float temperature_;
  Matrix<float> input_masks_;   // K x D: 0, or 1 / (1 - dropout)
  Matrix<float> hidden_masks_;  // K x padded H
};

class HiddenHead : public Head {
 public:
  HiddenHead(const Embeddings& embeddings, std::size_t classes, const HeadOptions& options,
             std::shared_ptr<const Learned> learned)
      : embeddings_(embeddings),
        classes_(classes),
        options_(options),
        learned_(std::move(learned)) {}

  std::size_t classes() const override { return classes_; }

  void fit(std::span<const Index> rows, std::span<const std::int32_t> labels,
           std::span<const float> weights, Generator generator, Workers& workers) override {
    const TrainingSet set = make_training_set(embeddings_, classes_, rows, labels, weights);
    ColumnScales scales = fit_column_scales(embeddings_, set.rows, options_.scaling,
                                            static_cast<double>(embeddings_.cols()));
    const Matrix<float> inputs = gather_inputs(embeddings_, set.rows, scales, workers);
    HiddenNetworkOptions options;
    options.hidden = options_.hidden;
    options.weight_decay = options_.weight_decay;
    options.dropout = options_.dropout;
    HiddenNetwork network = fit_hidden_network({inputs, set.labels, set.weights, classes_}, options,
                                               generator, workers);
    learned_ = std::make_shared<const Learned>(Learned{std::move(scales), std::move(network)});
  }

  void logits(std::span<const Index> rows, MatrixView<float> out, Workers& workers) const override {
    assert(out.rows() == rows.size() && out.cols() == classes_);
    for_hidden_blocks(rows, workers, [&](MatrixView<const float> hidden, std::size_t begin) {
      multiply_narrow(hidden, learned_->network.second.weights, learned_->network.second.bias,
                      out.rows_between(begin, begin + hidden.rows()));
    });
  }

  std::size_t feature_dim() const override { return options_.hidden; }

  void features(std::span<const Index> rows, MatrixView<float> out,
                Workers& workers) const override {
    assert(out.rows() == rows.size() && out.cols() == options_.hidden);
    for_hidden_blocks(rows, workers, [&](MatrixView<const float> hidden, std::size_t begin) {
      for (std::size_t i = 0; i < hidden.rows(); ++i) {
        std::copy_n(hidden.row(i).begin(), options_.hidden, out.row(begin + i).begin());
      }
    });
  }

  std::unique_ptr<StochasticPasses> stochastic_passes(std::size_t passes, float temperature,
                                                      Generator generator) const override {
    assert(learned_ && temperature > 0);
    return std::make_unique<HiddenPasses>(embeddings_, learned_, passes, classes_, options_.dropout,
                                          temperature, generator);
  }

  std::unique_ptr<Head> on(const Embeddings& embeddings) const override {
    assert(learned_);
    check_columns(embeddings, learned_->scales.mean.size());
    return std::make_unique<HiddenHead>(embeddings, classes_, options_, learned_);
  }

  HeadState state() const override {
    assert(learned_);
    return {{"mean", as_row(learned_->scales.mean)},
            {"scale", as_row(learned_->scales.scale)},
            {"first weights", learned_->network.first.weights},
            {"first bias", as_row(learned_->network.first.bias)},
            {"second weights", learned_->network.second.weights},
            {"second bias", as_row(learned_->network.second.bias)}};
  }

 private:
  /// Calls body(activations, first position) for blocks of the rows.
  template <typename Body>
  void for_hidden_blocks(std::span<const Index> rows, Workers& workers, const Body& body) const {
    assert(learned_);
    const HiddenNetwork& network = learned_->network;
    for_scaled_blocks(embeddings_, learned_->scales, rows, workers,
                      [&](MatrixView<const float> inputs, std::size_t begin) {
                        Matrix<float> hidden(inputs.rows(), network.first.weights.cols());
                        hidden_activations(network, inputs, hidden);
                        body(hidden.view(), begin);
                      });
  }

  Embeddings embeddings_;
  std::size_t classes_;
  HeadOptions options_;
  std::shared_ptr<const Learned> learned_;  ///< null before fit()
};

std::shared_ptr<const Learned> learned_from(const HeadState& state, std::size_t dim,
                                            std::size_t classes, std::size_t hidden) {
  const std::size_t width = padded_width(classes), units = padded_width(hidden);
  return std::make_shared<const Learned>(
      Learned{{from_row(stored(state, "mean", 1, dim)), from_row(stored(state, "scale", 1, dim))},
              {{stored(state, "first weights", dim, units),
                from_row(stored(state, "first bias", 1, units))},
               {stored(state, "second weights", units, width),
                from_row(stored(state, "second bias", 1, width))}}});
}

}  // namespace

std::unique_ptr<Head> make_hidden_head(const Embeddings& embeddings, std::size_t classes,
                                       const HeadOptions& options, const HeadState* state) {
  return std::make_unique<HiddenHead>(
      embeddings, classes, options,
      state == nullptr ? nullptr
                       : learned_from(*state, embeddings.cols(), classes, options.hidden));
}

}  // namespace goldpan
