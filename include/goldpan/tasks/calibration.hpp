#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// One bin of a reliability diagram: examples of similar confidence.
struct ReliabilityBin {
  std::uint64_t count = 0;
  double confidence = 0;  ///< mean confidence
  double accuracy = 0;    ///< share predicted right
};

/// Cuts examples into bins of equal size (Nixon et al. 2019) by confidence, the largest probability
/// of their row, ascending: probabilities is n x C, labels n. An example is right if its label is
/// the first column with that probability.
///
/// Sizes differ by at most 1; with fewer examples than bins each example is a bin. Examples of
/// equal confidence that fall on both sides of a cut are shared out so that each bin has the same
/// share of right ones as all of them together: no order of the rows changes the result. Throws
/// Error if bins < 1, if the lengths differ, or if a label is not in [0, C).
std::vector<ReliabilityBin> reliability_bins(MatrixView<const float> probabilities,
                                             std::span<const std::int32_t> labels, int bins = 15);

/// Expected calibration error of such bins: sum of count / n * |accuracy - confidence|. 0 of none.
double expected_calibration_error(std::span<const ReliabilityBin> bins);
/// That of reliability_bins(probabilities, labels, bins).
double expected_calibration_error(MatrixView<const float> probabilities,
                                  std::span<const std::int32_t> labels, int bins = 15);

}  // namespace goldpan
