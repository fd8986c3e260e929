#pragma once

#include <cstdint>
#include <span>

#include <goldpan/core/matrix.hpp>
#include <goldpan/session/records.hpp>

namespace goldpan {

/// Fills what a round says about the test set: accuracy, balanced accuracy (mean recall over
/// classes that the test set holds), macro F1 (over the same classes), NLL and calibration after
/// temperature scaling, calibration before, recall per class. `logits` is n x C, uncalibrated;
/// record.temperature must be set.
void evaluate(MatrixView<const float> logits, std::span<const std::int32_t> labels,
              RoundRecord& record);

}  // namespace goldpan
