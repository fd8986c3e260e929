#include "models/softmax_regression.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/blas.hpp"
#include "kernels/cholesky.hpp"
#include "kernels/narrow_product.hpp"
#include "kernels/softmax.hpp"
#include "models/lbfgs.hpp"

namespace goldpan {
namespace {

// Rows whose logits and errors are worked on together: with their inputs they fit into the cache.
constexpr std::size_t kBlockRows = 64;
// Tasks that the rows are cut into, each with a gradient of its own.
constexpr std::size_t kMaxTasks = 32;

LinearLayer make_layer(std::size_t dim, std::size_t classes) {
  const std::size_t width = padded_width(classes);
  return {Matrix<float>(dim, width), std::vector<float>(width)};
}

/// Multiplies each column by its factor.
void scale_columns(std::span<const float> factors, Matrix<float>& matrix) {
  for (std::size_t j = 0; j < matrix.rows(); ++j) {
    for (std::size_t c = 0; c < matrix.cols(); ++c) matrix(j, c) *= factors[c];
  }
}

/// out = diag(factors) * matrix
void scale_rows(std::span<const float> factors, MatrixView<const float> matrix,
                MatrixView<float> out) {
  for (std::size_t j = 0; j < matrix.rows(); ++j) {
    for (std::size_t c = 0; c < matrix.cols(); ++c) out(j, c) = factors[j] * matrix(j, c);
  }
}

/// out = matrix * narrow
void multiply(const Matrix<float>& matrix, MatrixView<const float> narrow, MatrixView<float> out) {
  multiply_narrow(matrix, narrow, std::vector<float>(narrow.cols()), out);
}

/// A change of variables after which the loss curves alike in all directions.
///
/// In the block of class c the Hessian is about v_c (S + ridge). With T^T (S + ridge) T = I, the
/// variables U = T^-1 W sqrt(v) make that the identity. Features as encoders give them have
/// condition numbers of 10^4 and more: there this takes 20 steps where plain L-BFGS takes hundreds.
class Preconditioner {
 public:
  /// Requires: ridge > 0, or as many independent inputs as columns.
  Preconditioner(const InputMoments& moments, double ridge) {
    const std::size_t dim = moments.diagonal.size();
    if (!moments.full.empty()) {
      double trace = 0;
      for (const float square : moments.diagonal) trace += square;
      // Enough for a factorisation in float where there is next to no penalty.
      ridge += 1e-3 * trace / static_cast<double>(dim) + 1e-30;
      full_ = moments.full;
      for (std::size_t j = 0; j < dim; ++j) full_(j, j) += static_cast<float>(ridge);
      if (invert_cholesky_factor(full_)) return;
      full_ = Matrix<float>();
    }
    diagonal_.resize(dim);
    for (std::size_t j = 0; j < dim; ++j) {
      diagonal_[j] = 1.0f / std::sqrt(moments.diagonal[j] + static_cast<float>(ridge) + 1e-20f);
    }
  }

  /// out = T U
  void map(MatrixView<const float> variables, MatrixView<float> out) const {
    if (full_.empty()) return scale_rows(diagonal_, variables, out);
    multiply(full_, variables, out);
  }

  /// out = T^T G: the gradient with respect to U from that with respect to W.
  void map_gradient(MatrixView<const float> gradient, MatrixView<float> out) const {
    if (full_.empty()) return scale_rows(diagonal_, gradient, out);
    std::fill_n(out.data(), out.size(), 0.0f);
    add_transposed_narrow(full_, gradient, out);
  }

 private:
  Matrix<float> full_;  // T, or empty where it is diagonal
  std::vector<float> diagonal_;
};

/// The loss with its penalties, and the layer found so far.
class Trainer {
 public:
  Trainer(const LabeledInputs& data, const SoftmaxRegressionOptions& options,
          const InputMoments& moments, Workers& workers)
      : data_(data),
        moments_(moments),
        workers_(workers),
        rows_(static_cast<double>(data.labels.size())),
        decay_(options.weight_decay / rows_),
        layer_(make_layer(data.inputs.cols(), data.classes)) {
    const auto classes = static_cast<double>(data.classes);
    noise_ = options.dropout / (1 - options.dropout) * classes / std::max(1.0, classes - 1);
    start_from_class_shares();
    preconditioner_.emplace(moments, decay_ / mean_spread());
  }

  /// Minimises from the layer found so far, with the present estimate of the spread, and updates
  /// that estimate.
  LbfgsResult improve(double tolerance, int max_evaluations) {
    const std::size_t dim = layer_.weights.rows(), width = layer_.weights.cols();
    std::vector<float> class_scale(width);
    for (std::size_t c = 0; c < data_.classes; ++c) {
      const double curvature = std::max(spread_[c], 1e-4 * mean_spread());
      class_scale[c] = static_cast<float>(1.0 / std::sqrt(curvature * (1 + noise_)));
    }
    const LinearLayer start = layer_;
    Matrix<float> change(dim, width);
    LinearGradient gradient;
    std::vector<float> variables((dim + 1) * width);  // rows of U, then one for the intercepts
    const auto move_to = [&](std::span<const float> at) {
      preconditioner_->map({at.data(), dim, width}, change);
      scale_columns(class_scale, change);
      for (std::size_t i = 0; i < change.size(); ++i) {
        layer_.weights.data()[i] = start.weights.data()[i] + change.data()[i];
      }
      for (std::size_t c = 0; c < width; ++c) {
        layer_.bias[c] = start.bias[c] + class_scale[c] * at[dim * width + c];
      }
    };
    LbfgsOptions options;
    options.tolerance = tolerance;
    options.max_evaluations = max_evaluations;
    const LbfgsResult result = minimize_lbfgs(
        [&](std::span<const float> at, std::span<float> out) {
          move_to(at);
          const double loss =
              cross_entropy_step(data_, layer_, gradient, workers_) + add_penalties(gradient.layer);
          scale_columns(class_scale, gradient.layer.weights);
          preconditioner_->map_gradient(gradient.layer.weights, {out.data(), dim, width});
          for (std::size_t c = 0; c < width; ++c) {
            out[dim * width + c] = gradient.layer.bias[c] * class_scale[c];
          }
          return loss;
        },
        variables, options);
    move_to(variables);
    spread_ = gradient.spread;  // at the last step evaluated: where the search ended, or next to it
    return result;
  }

  /// The present estimate of v, C values.
  std::vector<double> spread() const {
    return {spread_.begin(), spread_.begin() + static_cast<std::ptrdiff_t>(data_.classes)};
  }
  LinearLayer take_layer() { return std::move(layer_); }

 private:
  void start_from_class_shares() {
    std::vector<double> counts(data_.classes, 0.5);
    for (std::size_t i = 0; i < data_.labels.size(); ++i) {
      counts[static_cast<std::size_t>(data_.labels[i])] +=
          data_.weights.empty() ? 1.0 : double{data_.weights[i]};
    }
    spread_.assign(layer_.bias.size(), 0.0);
    for (std::size_t c = 0; c < data_.classes; ++c) {
      const double share = counts[c] / (rows_ + static_cast<double>(data_.classes) / 2);
      layer_.bias[c] = static_cast<float>(std::log(share));
      spread_[c] = share * (1 - share);
    }
    prior_bias_ = layer_.bias;
  }

  double mean_spread() const {
    double sum = 1e-12;
    for (const double spread : spread_) sum += spread;
    return sum / static_cast<double>(data_.classes);
  }

  /// Adds the penalties' gradient; returns their sum.
  double add_penalties(LinearLayer& gradient) const {
    const Matrix<float>& weights = layer_.weights;
    Matrix<float> noisy(weights.rows(), weights.cols());  // S W
    if (noise_ > 0) {
      if (moments_.full.empty()) {
        scale_rows(moments_.diagonal, weights, noisy);
      } else {
        multiply(moments_.full, weights, noisy);
      }
    }
    double loss = 0;
    for (std::size_t j = 0; j < weights.rows(); ++j) {
      for (std::size_t c = 0; c < data_.classes; ++c) {
        const double pull = decay_ * weights(j, c) + noise_ * spread_[c] * noisy(j, c);
        loss += 0.5 * pull * weights(j, c);
        gradient.weights(j, c) += static_cast<float>(pull);
      }
    }
    for (std::size_t c = 0; c < data_.classes; ++c) {
      const double distance = layer_.bias[c] - prior_bias_[c];
      loss += 0.5 * distance * distance / rows_;
      gradient.bias[c] += static_cast<float>(distance / rows_);
    }
    return loss;
  }

  const LabeledInputs& data_;
  const InputMoments& moments_;
  Workers& workers_;
  double rows_;
  double decay_;      // of the weights, per row
  double noise_ = 0;  // d / (1 - d) * C / (C - 1)
  LinearLayer layer_;
  std::vector<float> prior_bias_;
  std::vector<double> spread_;  // v, held fixed within improve
  std::optional<Preconditioner> preconditioner_;
};

}  // namespace

double cross_entropy_step(const LabeledInputs& data, const LinearLayer& layer,
                          LinearGradient& gradient, Workers& workers) {
  const std::size_t rows = data.inputs.rows(), dim = data.inputs.cols();
  const std::size_t width = layer.weights.cols();
  const std::size_t blocks = (rows + kBlockRows - 1) / kBlockRows;
  const std::size_t task_rows = (blocks + kMaxTasks - 1) / kMaxTasks * kBlockRows;
  const std::size_t tasks = (rows + task_rows - 1) / task_rows;

  struct Partial {
    LinearLayer gradient;
    std::vector<float> spread;
    double loss = 0;
  };
  std::vector<Partial> partials(tasks);
  workers.run(tasks, [&](std::size_t task) {
    Partial& partial = partials[task];
    partial.gradient = make_layer(dim, data.classes);
    partial.spread.assign(width, 0.0f);
    Matrix<float> errors(kBlockRows, width);
    const std::size_t task_end = std::min(rows, (task + 1) * task_rows);
    for (std::size_t begin = task * task_rows; begin < task_end; begin += kBlockRows) {
      const std::size_t end = std::min(task_end, begin + kBlockRows), count = end - begin;
      const MatrixView<const float> x = data.inputs.rows_between(begin, end);
      const MatrixView<float> block = errors.view().rows_between(0, count);
      multiply_narrow(x, layer.weights, layer.bias, block);  // logits
      partial.loss += cross_entropy_rows(
          block, data.classes, data.labels.subspan(begin, count),
          data.weights.empty() ? data.weights : data.weights.subspan(begin, count),
          partial.spread);  // dloss / dlogits
      add_transposed_narrow(x, block, partial.gradient.weights);
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t c = 0; c < width; ++c) partial.gradient.bias[c] += block(i, c);
      }
    }
  });

  gradient.layer = make_layer(dim, data.classes);
  gradient.spread.assign(width, 0.0);
  double loss = 0;
  for (const Partial& partial : partials) {
    loss += partial.loss;
    float* const sums = gradient.layer.weights.data();
    for (std::size_t i = 0; i < dim * width; ++i) sums[i] += partial.gradient.weights.data()[i];
    for (std::size_t c = 0; c < width; ++c) {
      gradient.layer.bias[c] += partial.gradient.bias[c];
      gradient.spread[c] += partial.spread[c];
    }
  }
  const double share = 1.0 / static_cast<double>(rows);
  for (std::size_t i = 0; i < dim * width; ++i) {
    gradient.layer.weights.data()[i] *= static_cast<float>(share);
  }
  for (std::size_t c = 0; c < width; ++c) {
    gradient.layer.bias[c] *= static_cast<float>(share);
    gradient.spread[c] *= share;
  }
  return loss * share;
}

InputMoments::InputMoments(MatrixView<const float> inputs) : diagonal(inputs.cols()) {
  const std::size_t dim = inputs.cols();
  // A few times D rows show the shape of the second moments well enough.
  Matrix<float> sample(std::min(inputs.rows(), 4 * dim + 64), dim);
  for (std::size_t i = 0; i < sample.rows(); ++i) {
    std::ranges::copy(inputs.row(i * inputs.rows() / sample.rows()), sample.row(i).begin());
  }
  const auto share = static_cast<float>(1.0 / static_cast<double>(sample.rows()));
  if (dim <= kMaxDim) {
    full = Matrix<float>(dim, dim);
    multiply_left_transposed(sample, sample, full, share);
    for (std::size_t j = 0; j < dim; ++j) diagonal[j] = full(j, j);
  } else {
    for (std::size_t i = 0; i < sample.rows(); ++i) {
      for (std::size_t j = 0; j < dim; ++j) diagonal[j] += share * sample(i, j) * sample(i, j);
    }
  }
}

SoftmaxRegression fit_softmax_regression(const LabeledInputs& data,
                                         const SoftmaxRegressionOptions& options,
                                         Workers& workers) {
  InputMoments moments(data.inputs);
  Trainer trainer(data, options, moments, workers);
  // A few steps tell how decided the predictions will be: that is all the dropout term and the
  // scales of the variables need to know.
  const LbfgsResult rough = trainer.improve(1e-3, 6);
  std::vector<double> spread = trainer.spread();
  const LbfgsResult result = trainer.improve(options.tolerance, 300);
  return {trainer.take_layer(),
          std::move(moments),
          std::move(spread),
          result.value,
          rough.evaluations + result.evaluations,
          result.converged};
}

}  // namespace goldpan
