#include "label/estimates.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <goldpan/models/temperature.hpp>

namespace goldpan::label {
namespace {

constexpr double kZ = 1.959963984540054;  // 97.5 % quantile of the normal distribution

/// Logits of `rows` by a head trained on the labelled positions `train`.
Matrix<float> fit_and_predict(const Embeddings& embeddings, std::size_t classes,
                              const Labelled& labelled, std::span<const std::size_t> train,
                              std::span<const std::size_t> test, Workers& workers) {
  std::vector<Index> rows, test_rows;
  std::vector<std::int32_t> labels;
  for (const std::size_t i : train) {
    rows.push_back(labelled.rows[i]);
    labels.push_back(labelled.labels[i]);
  }
  for (const std::size_t i : test) test_rows.push_back(labelled.rows[i]);
  const auto head = make_head(embeddings, classes);
  head->fit(rows, labels, {}, Generator(0), workers);
  Matrix<float> logits(test.size(), classes);
  head->logits(test_rows, logits, workers);
  return logits;
}

std::int32_t argmax(std::span<const float> row) {
  return static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

std::vector<std::size_t> shuffled(std::size_t count, Generator generator) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  generator.shuffle(std::span(order));
  return order;
}

/// One weight a labelled position; empty where nothing was drawn at random.
std::vector<double> weights_of(const Labelled& labelled, const std::vector<SampledBatch>& batches,
                               std::size_t pool_size) {
  const std::vector<double> of_pool = importance_weights(batches, pool_size);
  std::vector<double> weights;
  if (of_pool.empty()) return weights;
  for (const Index row : labelled.rows) weights.push_back(of_pool[row]);
  return weights;
}

std::vector<bool> is_uniform(const Labelled& labelled, const std::vector<SampledBatch>& batches) {
  std::vector<bool> uniform(labelled.rows.size());
  for (const SampledBatch& batch : batches) {
    for (const Index row : batch.uniform) {
      const auto at = std::lower_bound(labelled.rows.begin(), labelled.rows.end(), row);
      if (at != labelled.rows.end() && *at == row) {
        uniform[static_cast<std::size_t>(at - labelled.rows.begin())] = true;
      }
    }
  }
  return uniform;
}

}  // namespace

OutOfFold cross_validate(const Embeddings& embeddings, std::size_t classes,
                         const Labelled& labelled, std::uint64_t seed, Workers& workers) {
  const std::size_t count = labelled.rows.size();
  const std::size_t folds = std::min<std::size_t>(10, count);
  const std::vector<std::size_t> order =
      shuffled(count, Generator(seed).stream("folds").stream(count));
  OutOfFold result;
  result.probabilities = Matrix<float>(count, classes);
  workers.run(folds, [&](std::size_t fold) {
    std::vector<std::size_t> train, test;
    for (std::size_t i = 0; i < count; ++i) (i % folds == fold ? test : train).push_back(order[i]);
    const Matrix<float> logits =
        fit_and_predict(embeddings, classes, labelled, train, test, workers);
    for (std::size_t i = 0; i < test.size(); ++i) {
      std::copy_n(logits.row(i).begin(), classes, result.probabilities.row(test[i]).begin());
    }
  });
  for (std::size_t i = 0; i < count; ++i) {
    result.right.push_back(argmax(result.probabilities.row(i)) == labelled.labels[i]);
  }
  // The folds together calibrate as a held-out tenth would, and spare no label.
  result.temperature = fit_temperature(result.probabilities, labelled.labels).temperature;
  apply_temperature(result.probabilities, static_cast<float>(result.temperature));
  return result;
}

Estimate wilson(double share, double count) {
  const double z2 = kZ * kZ;
  const double center = (share + z2 / (2 * count)) / (1 + z2 / count);
  const double half =
      kZ / (1 + z2 / count) * std::sqrt(share * (1 - share) / count + z2 / (4 * count * count));
  return {share, std::max(0.0, center - half), std::min(1.0, center + half),
          static_cast<std::size_t>(count)};
}

std::optional<Estimate> reserve_accuracy(const Labelled& labelled, const OutOfFold& folds,
                                         const std::vector<SampledBatch>& batches) {
  const std::vector<bool> uniform = is_uniform(labelled, batches);
  double right = 0, count = 0;
  for (std::size_t i = 0; i < uniform.size(); ++i) {
    if (!uniform[i]) continue;
    right += folds.right[i];
    ++count;
  }
  if (count == 0) return std::nullopt;
  return wilson(right / count, count);
}

std::optional<Estimate> pool_accuracy(const Labelled& labelled, const OutOfFold& folds,
                                      const std::vector<SampledBatch>& batches,
                                      std::size_t pool_size) {
  const std::vector<double> weights = weights_of(labelled, batches, pool_size);
  if (weights.empty()) return std::nullopt;
  const std::vector<bool> uniform = is_uniform(labelled, batches);
  double all = 0, certain_right = 0, drawn = 0, drawn_right = 0, drawn_squares = 0, count = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    all += weights[i];
    if (uniform[i]) {
      drawn += weights[i];
      drawn_squares += weights[i] * weights[i];
      drawn_right += weights[i] * folds.right[i];
      ++count;
    } else {
      certain_right += weights[i] * folds.right[i];
    }
  }
  if (!(drawn > 0)) return std::nullopt;
  const Estimate random = wilson(drawn_right / drawn, drawn * drawn / drawn_squares);
  const double share = drawn / all, certain = certain_right / all;
  return Estimate{certain + share * random.value, certain + share * random.low,
                  certain + share * random.high, static_cast<std::size_t>(count)};
}

std::optional<Estimate> expected_gain(const Embeddings& embeddings, std::size_t classes,
                                      const Labelled& labelled, const OutOfFold& folds,
                                      const std::vector<SampledBatch>& batches,
                                      std::size_t pool_size, std::size_t more, std::uint64_t seed,
                                      Workers& workers) {
  constexpr std::size_t kLeast = 40, kRepeats = 2;
  const std::size_t count = labelled.rows.size();
  const std::vector<double> weights = weights_of(labelled, batches, pool_size);
  if (count < kLeast || weights.empty()) return std::nullopt;

  // right[size][i]: how often a model on that many labels, i not among them, was right about i.
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
          argmax(logits.row(i)) == labelled.labels[test[i]] ? 1 : 0;
    }
  });

  // The slope over ln(labels) is linear in what was seen, so each row has a slope of its own.
  const double x[3] = {std::log(0.25), std::log(0.5), std::log(0.9)};
  const double mean_x = (x[0] + x[1] + x[2]) / 3;
  double spread = 0;
  for (const double value : x) spread += (value - mean_x) * (value - mean_x);
  double sum = 0, total = 0;
  std::vector<double> slopes(count);
  for (std::size_t i = 0; i < count; ++i) {
    double in_quarter = 0, in_half = 0;
    for (std::size_t repeat = 0; repeat < kRepeats; ++repeat) {
      in_quarter += quarter(repeat, i) / kRepeats;
      in_half += half(repeat, i) / kRepeats;
    }
    slopes[i] = ((x[0] - mean_x) * in_quarter + (x[1] - mean_x) * in_half +
                 (x[2] - mean_x) * folds.right[i]) /
                spread;
    sum += weights[i] * slopes[i];
    total += weights[i];
  }
  const double slope = sum / total;
  double variance = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double part = weights[i] / total * (slopes[i] - slope);
    variance += part * part;
  }
  const double error = kZ * std::sqrt(variance);
  const double step = std::log1p(static_cast<double>(more) / static_cast<double>(count));
  return Estimate{slope * step, (slope - error) * step, (slope + error) * step, count};
}

std::vector<Suspicion> find_suspicions(const Labelled& labelled, const OutOfFold& folds) {
  const std::size_t classes = folds.probabilities.cols();
  std::vector<double> threshold(classes), count(classes);
  for (std::size_t i = 0; i < labelled.rows.size(); ++i) {
    const auto given = static_cast<std::size_t>(labelled.labels[i]);
    threshold[given] += static_cast<double>(folds.probabilities(i, given));
    ++count[given];
  }
  for (std::size_t c = 0; c < classes; ++c)
    threshold[c] = count[c] > 0 ? threshold[c] / count[c] : 2;
  std::vector<Suspicion> found;
  for (std::size_t i = 0; i < labelled.rows.size(); ++i) {
    const auto row = folds.probabilities.row(i);
    const std::int32_t guess = argmax(row);
    const auto suggested = static_cast<std::size_t>(guess);
    const double probability = static_cast<double>(row[suggested]);
    if (guess == labelled.labels[i] || probability < threshold[suggested]) continue;
    found.push_back({labelled.rows[i], labelled.labels[i], guess,
                     static_cast<double>(row[static_cast<std::size_t>(labelled.labels[i])]),
                     probability});
  }
  std::stable_sort(found.begin(), found.end(), [](const Suspicion& a, const Suspicion& b) {
    return a.suggested_probability - a.given_probability >
           b.suggested_probability - b.given_probability;
  });
  return found;
}

}  // namespace goldpan::label
