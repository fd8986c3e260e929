#include "tasks/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <goldpan/models/calibration.hpp>
#include <goldpan/models/temperature.hpp>

namespace goldpan {
namespace {

constexpr int kBins = 15;

Matrix<float> softmax(MatrixView<const float> logits, float temperature) {
  Matrix<float> probabilities(logits.rows(), logits.cols());
  std::copy_n(logits.data(), logits.size(), probabilities.data());
  apply_temperature(probabilities, temperature);
  return probabilities;
}

}  // namespace

void evaluate(MatrixView<const float> logits, std::span<const std::int32_t> labels,
              RoundRecord& record) {
  const std::size_t classes = logits.cols();
  std::vector<double> examples(classes), predicted(classes), right(classes);
  for (std::size_t i = 0; i < logits.rows(); ++i) {
    const auto row = logits.row(i);
    const auto guess = static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
    const auto label = static_cast<std::size_t>(labels[i]);
    ++examples[label];
    ++predicted[guess];
    if (guess == label) ++right[label];
  }

  double recall_sum = 0, f1_sum = 0, right_sum = 0;
  std::size_t present = 0;
  record.recall.assign(classes, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t c = 0; c < classes; ++c) {
    if (examples[c] == 0) continue;
    ++present;
    right_sum += right[c];
    record.recall[c] = right[c] / examples[c];
    recall_sum += record.recall[c];
    f1_sum += 2 * right[c] / (examples[c] + predicted[c]);  // 2 TP / (2 TP + FP + FN)
  }
  record.accuracy = right_sum / static_cast<double>(logits.rows());
  record.balanced_accuracy = recall_sum / static_cast<double>(present);
  record.macro_f1 = f1_sum / static_cast<double>(present);

  const Matrix<float> before = softmax(logits, 1.0f);
  const Matrix<float> after = softmax(logits, static_cast<float>(record.temperature));
  record.reliability_before = reliability_bins(before, labels, kBins);
  record.reliability_after = reliability_bins(after, labels, kBins);
  record.ece_before = expected_calibration_error(record.reliability_before);
  record.ece_after = expected_calibration_error(record.reliability_after);
  double nll = 0;
  for (std::size_t i = 0; i < after.rows(); ++i) {
    // A float probability can underflow to 0; the smallest normal number stands in for it.
    nll -= std::log(
        std::max(after(i, static_cast<std::size_t>(labels[i])), std::numeric_limits<float>::min()));
  }
  record.nll = nll / static_cast<double>(logits.rows());
}

}  // namespace goldpan
