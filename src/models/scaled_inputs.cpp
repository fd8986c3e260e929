#include "models/scaled_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kStatisticsRows = 8192;
constexpr std::size_t kBlockRows = 512;
/// kCommon lets a column weigh this much more or less than the median one.
constexpr double kLargestRatio = 32;
/// kAuto: standard deviations further apart than this are in different units.
constexpr double kUnitRatio = 100;
/// Below this share of its mean, a float column's spread is rounding noise.
constexpr double kConstant = 1e-6;
/// Below this the factor that would make it count is no float.
constexpr double kSmallest = 1e-30;

struct ColumnStatistics {
  std::vector<double> mean, deviation;
};

ColumnStatistics measure_columns(const Embeddings& embeddings, std::span<const Index> rows) {
  const std::size_t cols = embeddings.cols();
  const std::size_t count = std::min(rows.size(), kStatisticsRows);
  Matrix<float> sample(count, cols);
  std::vector<Index> chosen(count);
  for (std::size_t i = 0; i < count; ++i) chosen[i] = rows[i * rows.size() / count];
  embeddings.gather_rows(chosen, sample);

  ColumnStatistics statistics{std::vector<double>(cols), std::vector<double>(cols)};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < cols; ++j) statistics.mean[j] += sample(i, j);
  }
  for (double& mean : statistics.mean) mean /= static_cast<double>(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < cols; ++j) {
      const double difference = sample(i, j) - statistics.mean[j];
      statistics.deviation[j] += difference * difference;
    }
  }
  for (std::size_t j = 0; j < cols; ++j) {
    double& deviation = statistics.deviation[j];
    deviation = std::sqrt(deviation / static_cast<double>(count));
    const double least = std::max(kConstant * std::abs(statistics.mean[j]), kSmallest);
    if (!(deviation > least)) deviation = 0;
  }
  return statistics;
}

}  // namespace

void ColumnScales::apply(MatrixView<float> rows) const {
  const float* const center = mean.data();
  const float* const factor = scale.data();
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    float* const row = rows.data() + i * rows.cols();
    for (std::size_t j = 0; j < rows.cols(); ++j) row[j] = (row[j] - center[j]) * factor[j];
  }
}

void ColumnScales::gather(const Embeddings& embeddings, std::span<const Index> rows,
                          MatrixView<float> out) const {
  embeddings.gather_rows(rows, out);
  for (std::size_t i = 0; i < out.rows(); ++i) {
    const std::string fault = row_fault(out.row(i));
    if (!fault.empty()) throw Error("embeddings", "row " + std::to_string(rows[i]) + " " + fault);
  }
  apply(out);
}

ColumnScales fit_column_scales(const Embeddings& embeddings, std::span<const Index> rows,
                               InputScaling scaling, double squared_norm) {
  const ColumnStatistics statistics = measure_columns(embeddings, rows);
  const std::size_t cols = embeddings.cols();
  ColumnScales scales{std::vector<float>(statistics.mean.begin(), statistics.mean.end()),
                      std::vector<float>(cols)};
  std::vector<double> sorted;
  std::ranges::copy_if(statistics.deviation, std::back_inserter(sorted),
                       [](double deviation) { return deviation > 0; });
  if (sorted.empty()) return scales;
  std::ranges::sort(sorted);
  const auto quantile = [&](double share) {
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  const bool per_column =
      scaling == InputScaling::kPerColumn ||
      (scaling == InputScaling::kAuto && quantile(0.95) > kUnitRatio * quantile(0.05));

  // The standard deviation that each column is to have, up to a common factor.
  std::vector<double> target(cols);
  double sum = 0;
  for (std::size_t j = 0; j < cols; ++j) {
    const double deviation = statistics.deviation[j];
    if (deviation == 0) continue;
    target[j] =
        per_column ? 1.0 : std::clamp(deviation / quantile(0.5), 1 / kLargestRatio, kLargestRatio);
    sum += target[j] * target[j];
  }
  const double factor = std::sqrt(squared_norm / sum);
  for (std::size_t j = 0; j < cols; ++j) {
    if (target[j] > 0) {
      scales.scale[j] = static_cast<float>(factor * target[j] / statistics.deviation[j]);
    }
  }
  return scales;
}

Matrix<float> gather_inputs(const Embeddings& embeddings, std::span<const Index> rows,
                            const ColumnScales& scales, Workers& workers) {
  Matrix<float> inputs(rows.size(), embeddings.cols());
  workers.for_blocks(rows.size(), kBlockRows, [&](std::size_t begin, std::size_t end) {
    scales.gather(embeddings, rows.subspan(begin, end - begin),
                  inputs.view().rows_between(begin, end));
  });
  return inputs;
}

}  // namespace goldpan
