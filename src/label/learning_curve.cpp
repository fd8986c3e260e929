#include "label/learning_curve.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace goldpan::label {
namespace {

/// Half an interval on one side, with a second, independent error beside its own.
double widened(double half, double error) { return std::hypot(half, kZ * error); }

}  // namespace

std::optional<LearningCurve> learning_curve(const Embeddings& embeddings, std::size_t classes,
                                            const Labelled& labelled, const OutOfFold& folds,
                                            const std::vector<SampledBatch>& batches,
                                            std::size_t pool_size, std::uint64_t seed,
                                            Workers& workers) {
  constexpr std::size_t kLeast = 40;
  const std::size_t count = labelled.rows.size();
  const std::size_t repeats = count < 2000 ? 4 : 2;
  const std::vector<double> weights = weights_of(labelled, batches, pool_size);
  if (count < kLeast || weights.empty()) return std::nullopt;

  // (repeat, i): whether a model on half of the labels, i not among them, was wrong about i.
  Matrix<double> half(repeats, count);
  workers.run(repeats * 2, [&](std::size_t task) {
    const std::size_t repeat = task / 2;
    const std::vector<std::size_t> order =
        shuffled(count, Generator(seed).stream("halves").stream(repeat).stream(count));
    const std::span<const std::size_t> all(order);
    const std::size_t cut = count / 2;
    const bool first = task % 2 == 0;
    const auto train = first ? all.first(cut) : all.subspan(cut);
    const auto test = first ? all.subspan(cut) : all.first(cut);
    const Matrix<float> logits =
        fit_and_predict(embeddings, classes, labelled, train, test, workers);
    for (std::size_t i = 0; i < test.size(); ++i) {
      half(repeat, test[i]) = argmax(logits.row(i)) == labelled.labels[test[i]] ? 0 : 1;
    }
  });

  Matrix<double> wrong(2, count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t repeat = 0; repeat < repeats; ++repeat) {
      wrong(0, i) += half(repeat, i) / static_cast<double>(repeats);
    }
    wrong(1, i) = 1 - folds.right[i];
  }
  double total = 0;
  for (const double weight : weights) total += weight;
  // Half an error of a mean row more: a share of 0 has no logarithm.
  const double row = total / static_cast<double>(count);
  std::array<double, 2> error{};
  for (std::size_t k = 0; k < 2; ++k) {
    double sum = row / 2;
    for (std::size_t i = 0; i < count; ++i) sum += weights[i] * wrong(k, i);
    error[k] = sum / (total + row);
  }

  // The exponent is a difference of two logarithms, whose derivatives give each row its part in the
  // exponent's error.
  const double steps = std::log(folds.share / 0.5);
  double variance = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double part =
        ((wrong(0, i) - error[0]) / error[0] - (wrong(1, i) - error[1]) / error[1]) / steps;
    variance += std::pow(weights[i] / total * part, 2);
  }
  return LearningCurve{std::log(error[0] / error[1]) / steps, std::sqrt(variance)};
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
