#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

/// Gradient embeddings of the last layer with the predicted label, in factors (Ash et al. 2020):
/// g = q (x) h with q = p - onehot(argmax p). They are C*H long and never written out:
/// |g_i - g_j|^2 = |q_i|^2 |h_i|^2 + |q_j|^2 |h_j|^2 - 2 (q_i . q_j)(h_i . h_j).
struct GradientRows {
  GradientRows(std::size_t capacity, std::size_t feature_count, std::size_t classes)
      : features(capacity, feature_count), residuals(capacity, classes), squared_norms(capacity) {}

  Matrix<float> features;            ///< h, one row each
  Matrix<float> residuals;           ///< q, one row each
  std::vector<float> squared_norms;  ///< |q|^2 |h|^2
  std::size_t count = 0;             ///< rows in use
};

/// out[i] = |q|^2 |h|^2 of the named pool rows.
void squared_gradient_norms(const Pool& pool, std::span<const Index> rows, std::span<float> out);

/// Replaces `out` by the gradients of the named pool rows, whose squared norms are known. Requires:
/// rows.size() <= capacity.
void read_gradients(const Pool& pool, std::span<const Index> rows,
                    std::span<const float> squared_norms, GradientRows& out);

/// Appends a copy of row `i` of `from`. Requires: room for one more.
void append_gradient(const GradientRows& from, std::size_t i, GradientRows& to);

/// out(i, c) = |g_i - g_(begin + c)|^2 between the rows in use and centers [begin, begin +
/// out.cols()). `residual_products` is room that is reused.
///
/// Float products, except where the result is so small next to the norms that cancellation would
/// eat it: those distances are computed in double, so that equal rows are exactly 0 apart.
void squared_distances(const GradientRows& rows, const GradientRows& centers, std::size_t begin,
                       MatrixView<float> out, std::vector<float>& residual_products);

/// squared[i] = min(squared[i], min over c in [begin, end) of |g_i - g_c|^2) for every row in use.
void lower_to_nearest(const GradientRows& rows, const GradientRows& centers, std::size_t begin,
                      std::size_t end, std::span<float> squared);

}  // namespace goldpan
