#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// What a linear classifier is trained on.
struct LabeledInputs {
  MatrixView<const float> inputs;        ///< n x D
  std::span<const std::int32_t> labels;  ///< n, in [0, classes)
  std::span<const float> weights;        ///< n, or empty: all 1
  std::size_t classes = 0;
};

/// W and b of the logits x W + b, their C columns padded to P = padded_width(C) with zeros.
struct LinearLayer {
  Matrix<float> weights;    ///< D x P
  std::vector<float> bias;  ///< P
};

/// The derivative of the mean loss, and how undecided the predictions were.
struct LinearGradient {
  LinearLayer layer;
  std::vector<double> spread;  ///< P: mean over the rows of p_c (1 - p_c)
};

/// The train step: one pass over the rows that returns their mean (weighted) cross-entropy under
/// softmax(x W + b) and its gradient. Logits, softmax and gradient of a block of rows follow each
/// other while the block is in cache. Rows are cut for threads by their number alone, and partial
/// sums are added in order, so that no bit depends on the number of threads.
double cross_entropy_step(const LabeledInputs& data, const LinearLayer& layer,
                          LinearGradient& gradient, Workers& workers);

struct SoftmaxRegressionOptions {
  double weight_decay = 0;  ///< the loss has weight_decay / (2 n) |W|^2
  double dropout = 0;       ///< share of the inputs dropped, in expectation; see below
  double tolerance = 3e-5;  ///< of the loss, in nats
};

/// Second moments of a head's inputs, S = mean x x^T, from an evenly spread sample of rows.
struct InputMoments {
  Matrix<float> full;           ///< D x D, or empty beyond kMaxDim, where the diagonal must do
  std::vector<float> diagonal;  ///< D

  static constexpr std::size_t kMaxDim = 1024;
  explicit InputMoments(MatrixView<const float> inputs);
};

struct SoftmaxRegression {
  LinearLayer layer;
  InputMoments moments;
  std::vector<double> spread;  ///< v of the dropout term, C values
  double loss = 0;             ///< with penalties
  int steps = 0;
  bool converged = false;
};

/// Minimises mean cross-entropy + weight_decay / (2 n) |W|^2 + dropout term by L-BFGS.
///
/// The dropout term. Dropping a share d of the inputs at random, and dividing the others by 1 - d,
/// adds noise to the logits. To second order its expected cost is a quadratic penalty on the
/// weights (Wager, Wang and Liang 2013): d / (1 - d) / 2 * mean_i sum_j z_ij^2 Var_{c ~ p_i}(u_jc),
/// u being the weights of the inputs z that may be dropped. Here z are the principal components of
/// x, as dropping single columns of correlated inputs destroys more than it regularises. With v_c =
/// mean_i p_ic (1 - p_ic) and weights that sum to 0 over the classes this is d / (1 - d) / 2 * C /
/// (C - 1) * sum_c v_c w_c^T S w_c. v is measured once, after a few steps, and then held fixed,
/// which keeps the loss convex.
///
/// Intercepts are drawn to the logarithm of their class's smoothed share,
/// (n_c + 1/2) / (n + C / 2), with the strength of one example, so that absent classes keep a
/// finite one.
SoftmaxRegression fit_softmax_regression(const LabeledInputs& data,
                                         const SoftmaxRegressionOptions& options, Workers& workers);

}  // namespace goldpan
