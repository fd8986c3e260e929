#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <goldpan/label/label_session.hpp>

#include "label/held_out.hpp"

namespace goldpan::label {

/// The error as a power of the number of labels, error(n) ~ n^-exponent: the shape that learning
/// curves have over a doubling or so (Hestness et al. 2017). Seen in models trained on half of the
/// labels and in those of the folds, each judged on labels it has not seen: from further back the
/// curve looks steeper than it goes on.
struct LearningCurve {
  double exponent = 0;
  double exponent_error = 0;  ///< one standard error, over the judged rows
};

/// Eight fits on halves beside the folds (four from 2,000 labels on), weighted as pool_accuracy
/// weighs. Empty below 40 labels or without weights.
std::optional<LearningCurve> learning_curve(const Embeddings& embeddings, std::size_t classes,
                                            const Labelled& labelled, const OutOfFold& folds,
                                            const std::vector<SampledBatch>& batches,
                                            std::size_t pool_size, std::uint64_t seed,
                                            Workers& workers);

/// What `more` labels beside the present `count` are expected to add to the accuracy `now`: the
/// error falls along the curve, so never by more than there is.
Estimate expected_gain(const LearningCurve& curve, const Estimate& now, std::size_t count,
                       std::size_t more);

}  // namespace goldpan::label
