#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <goldpan/label/label_session.hpp>

#include "label/held_out.hpp"

namespace goldpan::label {

/// The error as a power of the number of labels, error(n) ~ n^-exponent: the shape that learning
/// curves have over a few doublings (Hestness et al. 2017). Seen in models trained on a quarter, on
/// half and on nine tenths of the labels, each judged on labels it has not seen.
struct LearningCurve {
  double error = 0;  ///< of models on nine tenths of the labels
  double exponent = 0;
  double exponent_error = 0;  ///< one standard error, over the judged rows
};

/// Eight fits beside the folds, weighted as pool_accuracy weighs. Empty below 40 labels or without
/// weights.
std::optional<LearningCurve> learning_curve(const Embeddings& embeddings, std::size_t classes,
                                            const Labelled& labelled, const OutOfFold& folds,
                                            const std::vector<SampledBatch>& batches,
                                            std::size_t pool_size, std::uint64_t seed,
                                            Workers& workers);

/// Ten folds judge models on nine tenths of the labels, which are worse than the one on all of
/// them: adds what the last tenth brings, and its error to the interval.
Estimate carry_to_all_labels(const Estimate& of_folds, const std::optional<LearningCurve>& curve);

/// What `more` labels beside the present `count` are expected to add to the accuracy `now`: the
/// error falls along the curve, so never by more than there is.
Estimate expected_gain(const LearningCurve& curve, const Estimate& now, std::size_t count,
                       std::size_t more);

}  // namespace goldpan::label
