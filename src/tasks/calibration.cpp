#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include <goldpan/core/error.hpp>
#include <goldpan/tasks/calibration.hpp>

namespace goldpan {
namespace {

struct Prediction {
  float confidence = 0;
  bool right = false;
};

std::vector<Prediction> sorted_predictions(MatrixView<const float> probabilities,
                                           std::span<const std::int32_t> labels) {
  std::vector<Prediction> predictions(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= probabilities.cols()) {
      throw Error("labels", "got label " + std::to_string(labels[i]) + " for row " +
                                std::to_string(i) + ", expected less than " +
                                std::to_string(probabilities.cols()) + " and not negative");
    }
    const std::span<const float> row = probabilities.row(i);
    const auto best = std::ranges::max_element(row);
    predictions[i] = {*best, best - row.begin() == labels[i]};
  }
  std::ranges::sort(predictions, {}, &Prediction::confidence);
  return predictions;
}

}  // namespace

std::vector<ReliabilityBin> reliability_bins(MatrixView<const float> probabilities,
                                             std::span<const std::int32_t> labels, int bins) {
  if (bins < 1) {
    throw Error("bins", "got " + std::to_string(bins) + ", expected at least 1");
  }
  if (probabilities.rows() != labels.size()) {
    throw Error("labels", "got " + std::to_string(labels.size()) + " labels, expected " +
                              std::to_string(probabilities.rows()) + ", one a row");
  }
  const std::vector<Prediction> predictions = sorted_predictions(probabilities, labels);
  const std::size_t n = predictions.size();
  const std::size_t count = std::min(n, static_cast<std::size_t>(bins));
  std::vector<ReliabilityBin> result(count);
  const auto bin_end = [&](std::size_t bin) { return (bin + 1) * n / count; };

  // Runs of equal confidence are shared out over the bins they reach into.
  std::size_t bin = 0;
  for (std::size_t begin = 0; begin < n;) {
    std::size_t end = begin, right = 0;
    while (end < n && predictions[end].confidence == predictions[begin].confidence) {
      right += predictions[end++].right ? 1 : 0;
    }
    const double share_right = static_cast<double>(right) / static_cast<double>(end - begin);
    for (std::size_t i = begin; i < end;) {
      while (bin_end(bin) <= i) ++bin;
      const std::size_t here = std::min(end, bin_end(bin)) - i;
      result[bin].count += here;
      result[bin].confidence += static_cast<double>(here) * double{predictions[begin].confidence};
      result[bin].accuracy += static_cast<double>(here) * share_right;
      i += here;
    }
    begin = end;
  }
  for (ReliabilityBin& filled : result) {
    filled.confidence /= static_cast<double>(filled.count);
    filled.accuracy /= static_cast<double>(filled.count);
  }
  return result;
}

double expected_calibration_error(std::span<const ReliabilityBin> bins) {
  double sum = 0, count = 0;
  for (const ReliabilityBin& bin : bins) {
    sum += static_cast<double>(bin.count) * std::abs(bin.accuracy - bin.confidence);
    count += static_cast<double>(bin.count);
  }
  return count > 0 ? sum / count : 0;
}

double expected_calibration_error(MatrixView<const float> probabilities,
                                  std::span<const std::int32_t> labels, int bins) {
  return expected_calibration_error(reliability_bins(probabilities, labels, bins));
}

}  // namespace goldpan
