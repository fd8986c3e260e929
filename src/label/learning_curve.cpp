#include "label/learning_curve.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace goldpan::label {
namespace {

constexpr double kFold = 0.9;  // share of the labels that a fold's model has

/// Half an interval on one side, with a second, independent error beside its own.
double widened(double half, double error) { return std::hypot(half, kZ * error); }

}  // namespace

std::optional<LearningCurve> learning_curve(const Embeddings& embeddings, std::size_t classes,
                                            const Labelled& labelled, const OutOfFold& folds,
                                            const std::vector<SampledBatch>& batches,
                                            std::size_t pool_size, std::uint64_t seed,
                                            Workers& workers) {
  constexpr std::size_t kLeast = 40, kRepeats = 2;
  const std::size_t count = labelled.rows.size();
  const std::vector<double> weights = weights_of(labelled, batches, pool_size);
  if (count < kLeast || weights.empty()) return std::nullopt;

  // (repeat, i): whether a model on that many labels, i not among them, was wrong about i.
  Matrix<double> half(kRepeats, count), quarter(kRepeats, count);
  workers.run(kRepeats * 4, [&](std::size_t task) {
    const std::size_t repeat = task / 4, side = task / 2 % 2;
    const bool small = task % 2 == 1;
    const std::vector<std::size_t> order =
        shuffled(count, Generator(seed).stream("halves").stream(repeat).stream(count));
    const std::size_t cut = count / 2;
    std::vector<std::size_t> train(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(cut));
    std::vector<std::size_t> test(order.begin() + static_cast<std::ptrdiff_t>(cut), order.end());
    if (side == 1) std::swap(train, test);
    if (small) train.resize(std::max<std::size_t>(train.size() / 2, 1));
    const Matrix<float> logits =
        fit_and_predict(embeddings, classes, labelled, train, test, workers);
    for (std::size_t i = 0; i < test.size(); ++i) {
      (small ? quarter : half)(repeat, test[i]) =
          argmax(logits.row(i)) == labelled.labels[test[i]] ? 0 : 1;
    }
  });

  Matrix<double> wrong(3, count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t repeat = 0; repeat < kRepeats; ++repeat) {
      wrong(0, i) += quarter(repeat, i) / kRepeats;
      wrong(1, i) += half(repeat, i) / kRepeats;
    }
    wrong(2, i) = 1 - folds.right[i];
  }
  double total = 0;
  for (const double weight : weights) total += weight;
  // Half an error of a mean row more: a share of 0 has no logarithm.
  const double row = total / static_cast<double>(count);
  std::array<double, 3> error{};
  for (std::size_t k = 0; k < 3; ++k) {
    double sum = row / 2;
    for (std::size_t i = 0; i < count; ++i) sum += weights[i] * wrong(k, i);
    error[k] = sum / (total + row);
  }

  // Least squares of ln(error) over ln(labels); its slope is linear in the three logarithms, whose
  // derivatives give each row its part in the slope's error.
  const std::array<double, 3> x = {std::log(0.25), std::log(0.5), std::log(kFold)};
  const double mean_x = (x[0] + x[1] + x[2]) / 3;
  double spread = 0, slope = 0;
  for (const double value : x) spread += (value - mean_x) * (value - mean_x);
  for (std::size_t k = 0; k < 3; ++k) slope += (x[k] - mean_x) / spread * std::log(error[k]);
  double variance = 0;
  for (std::size_t i = 0; i < count; ++i) {
    double part = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      part += (x[k] - mean_x) / spread * (wrong(k, i) - error[k]) / error[k];
    }
    variance += std::pow(weights[i] / total * part, 2);
  }
  return LearningCurve{error[2], -slope, std::sqrt(variance)};
}

Estimate carry_to_all_labels(const Estimate& of_folds, const std::optional<LearningCurve>& curve) {
  if (!curve) return of_folds;
  const double wrong = 1 - of_folds.value, rest = std::pow(kFold, curve->exponent);
  const double value = std::clamp(1 - wrong * rest, 0.0, 1.0);
  const double error = wrong * rest * std::log(1 / kFold) * curve->exponent_error;
  return {value, std::max(0.0, value - widened(of_folds.value - of_folds.low, error)),
          std::min(1.0, value + widened(of_folds.high - of_folds.value, error)), of_folds.from};
}

Estimate expected_gain(const LearningCurve& curve, const Estimate& now, std::size_t count,
                       std::size_t more) {
  const double steps = std::log1p(static_cast<double>(more) / static_cast<double>(count));
  const double wrong = 1 - now.value;
  const auto gain = [&](double exponent) { return wrong * -std::expm1(-exponent * steps); };
  const double value = gain(curve.exponent);
  // Of the exponent, and of the error that it is a share of.
  const double share = -std::expm1(-curve.exponent * steps);
  const double of_now = std::abs(share) * (now.high - now.low) / (2 * kZ);
  return {value, value - widened(value - gain(curve.exponent - kZ * curve.exponent_error), of_now),
          std::min(wrong, value + widened(gain(curve.exponent + kZ * curve.exponent_error) - value,
                                          of_now)),
          count};
}

}  // namespace goldpan::label
