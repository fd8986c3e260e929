#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

// Vectorised over the columns of a row, for any number of columns; relative error about 1e-6. They
// run on the calling thread; a row's result depends on that row alone.

/// Replaces each row z by softmax(scale * z).
void softmax_rows(MatrixView<float> values, float scale = 1.0f);

/// The cross-entropy of a block of logits and its gradient, in place.
///
/// `logits` is R x P, of which the first `classes` columns count. Row i becomes the derivative of
/// its loss with respect to its logits, weights[i] * (p_i - onehot(labels[i])), with zeros in the
/// columns beyond `classes`. Adds p_ic (1 - p_ic) over the rows to spread[c] (classes values).
/// `weights` may be empty: all 1. Returns the sum of weights[i] * -ln p_i[labels[i]].
double cross_entropy_rows(MatrixView<float> logits, std::size_t classes,
                          std::span<const std::int32_t> labels, std::span<const float> weights,
                          std::span<float> spread);

}  // namespace goldpan
