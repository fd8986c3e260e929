#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

// Vectorised over the columns of a row, for any number of columns; relative error about 1e-6, and
// probabilities below 1e-30 become 0. They run on the calling thread; a row's result depends on
// that row alone.

/// Replaces each row z by softmax(scale * z).
void softmax_rows(MatrixView<float> values, float scale = 1.0f);

/// The cross-entropy of a block of logits and its gradient, in place.
///
/// `logits` is R x P, its first `classes` columns those of the classes, the others padding (see
/// padded_width), which may hold anything and becomes 0. Row i becomes the derivative of its loss
/// with respect to its logits, weights[i] * (p_i - onehot(labels[i])). Adds p_ic (1 - p_ic) over
/// the rows to spread[c] (P values). `weights` may be empty: all 1. Returns the sum of
/// weights[i] * -ln p_i[labels[i]].
double cross_entropy_rows(MatrixView<float> logits, std::size_t classes,
                          std::span<const std::int32_t> labels, std::span<const float> weights,
                          std::span<float> spread);

}  // namespace goldpan
