#include "label/estimates.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <goldpan/models/temperature.hpp>

#include "label/held_out.hpp"

namespace goldpan::label {
namespace {

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
  // With many labels a tenth more or less is worth little, and a fit takes its time.
  const std::size_t folds = std::min<std::size_t>(count < 2000 ? 20 : 10, count);
  const std::vector<std::size_t> order =
      shuffled(count, Generator(seed).stream("folds").stream(count));
  OutOfFold result;
  result.share = 1 - 1 / static_cast<double>(folds);
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
  const double z2 = kZ * kZ, bottom = 2 * (count + z2);
  const double center = 2 * count * share + z2;
  const auto root = [&](double sign) {
    return kZ * std::sqrt(std::max(
                    0.0, z2 - sign * 2 - 1 / count + 4 * share * (count * (1 - share) + sign)));
  };
  const double low = share <= 0 ? 0 : (center - 1 - root(1)) / bottom;
  const double high = share >= 1 ? 1 : (center + 1 + root(-1)) / bottom;
  return {share, std::max(0.0, low), std::min(1.0, high), static_cast<std::size_t>(count)};
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
