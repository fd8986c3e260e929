#include "label/estimates.hpp"

#include <cmath>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "label/clouds.hpp"
#include "label/learning_curve.hpp"

namespace goldpan::label {
namespace {

TEST(Estimates, WilsonByHand) {
  // 81 of 263 and 15 of 148, as in Newcombe 1998, table I, method 4.
  EXPECT_NEAR(wilson(81.0 / 263, 263).low, 0.2535, 0.0001);
  EXPECT_NEAR(wilson(81.0 / 263, 263).high, 0.3682, 0.0001);
  EXPECT_NEAR(wilson(15.0 / 148, 148).low, 0.0598, 0.0001);
  EXPECT_NEAR(wilson(15.0 / 148, 148).high, 0.1644, 0.0001);
  EXPECT_EQ(wilson(1, 5).high, 1);
  EXPECT_NEAR(wilson(1, 20).low, 0.7995, 0.0001);  // the same table: 0 of 20 up to 0.2005
  EXPECT_EQ(wilson(0, 5).low, 0);
}

Labelled first(const Clouds& clouds, std::size_t count) {
  Labelled labelled;
  labelled.rows.resize(count);
  std::iota(labelled.rows.begin(), labelled.rows.end(), Index{0});
  labelled.labels.assign(clouds.labels.begin(),
                         clouds.labels.begin() + static_cast<std::ptrdiff_t>(count));
  return labelled;
}

TEST(Estimates, TheSameForAnyNumberOfThreads) {
  const Clouds clouds = make_clouds(200, 6, 3, 1.5, 1);
  const Labelled labelled = first(clouds, 90);
  Workers one(1), four(4);
  const OutOfFold a = cross_validate(clouds.embeddings, 3, labelled, 5, one);
  const OutOfFold b = cross_validate(clouds.embeddings, 3, labelled, 5, four);
  EXPECT_EQ(a.right, b.right);
  EXPECT_EQ(a.temperature, b.temperature);
  for (std::size_t i = 0; i < a.probabilities.size(); ++i) {
    ASSERT_EQ(a.probabilities.data()[i], b.probabilities.data()[i]);
  }
}

// A sample of the whole pool at once: both estimates are the plain share.
TEST(Estimates, OfOneRandomSampleAreItsShare) {
  const Clouds clouds = make_clouds(500, 6, 3, 1.5, 2);
  const Labelled labelled = first(clouds, 100);
  Workers workers(2);
  const OutOfFold folds = cross_validate(clouds.embeddings, 3, labelled, 0, workers);
  const std::vector<SampledBatch> batches = {{labelled.rows, {}, 500}};
  const double share = std::accumulate(folds.right.begin(), folds.right.end(), 0.0) / 100;
  EXPECT_NEAR(reserve_accuracy(labelled, folds, batches)->value, share, 1e-12);
  const auto pool = pool_accuracy(labelled, folds, batches, 500);
  EXPECT_NEAR(pool->value, share, 1e-12);
  EXPECT_NEAR(pool->low, wilson(share, 100).low, 1e-9);
}

TEST(Estimates, NothingDrawnAtRandomMeansNoEstimate) {
  const Clouds clouds = make_clouds(100, 4, 2, 2, 3);
  const Labelled labelled = first(clouds, 50);
  Workers workers(1);
  const OutOfFold folds = cross_validate(clouds.embeddings, 2, labelled, 0, workers);
  const std::vector<SampledBatch> batches = {{{}, labelled.rows, 100}};
  EXPECT_FALSE(reserve_accuracy(labelled, folds, batches));
  EXPECT_FALSE(pool_accuracy(labelled, folds, batches, 100));
  EXPECT_FALSE(learning_curve(clouds.embeddings, 2, labelled, folds, batches, 100, 0, workers));
}

TEST(Estimates, GainShrinksAsLabelsGrow) {
  const Clouds clouds = make_clouds(4000, 30, 5, 1.5, 4);
  Workers workers(2);
  double gain[2];
  std::size_t i = 0;
  for (const std::size_t count : {100, 2000}) {
    const Labelled labelled = first(clouds, count);
    const OutOfFold folds = cross_validate(clouds.embeddings, 5, labelled, 0, workers);
    const std::vector<SampledBatch> batches = {{labelled.rows, {}, 4000}};
    const auto curve =
        learning_curve(clouds.embeddings, 5, labelled, folds, batches, 4000, 0, workers);
    ASSERT_TRUE(curve);
    const auto now = pool_accuracy(labelled, folds, batches, 4000);
    const Estimate found = expected_gain(*curve, *now, count, 100);
    EXPECT_LE(found.low, found.value);
    EXPECT_LE(found.value, found.high);
    EXPECT_LE(now->value + found.high, 1 + 1e-12);
    gain[i++] = found.value;
  }
  EXPECT_GT(gain[0], 0.02);
  EXPECT_LT(gain[1], gain[0] / 5);
}

// Promised 29 points more to a model with 80: a gain is a share of the errors that there are.
TEST(Estimates, GainIsNeverMoreThanTheErrors) {
  const LearningCurve steep = {3, 0.5};
  const Estimate now = {0.8, 0.7, 0.9, 50};
  const Estimate gain = expected_gain(steep, now, 50, 1000);
  EXPECT_LE(gain.high, 0.2);
  EXPECT_GT(gain.value, 0.15);
  // By hand: 0.2 * (1 - 2^-1).
  EXPECT_NEAR(expected_gain({1, 0.1}, now, 100, 100).value, 0.1, 1e-12);
}

TEST(Estimates, FindsLabelsThatWereFlipped) {
  const Clouds clouds = make_clouds(300, 6, 3, 5, 6);
  Labelled labelled = first(clouds, 300);
  for (const std::size_t flipped : {17, 101, 250}) {
    labelled.labels[flipped] = (labelled.labels[flipped] + 1) % 3;
  }
  Workers workers(2);
  const OutOfFold folds = cross_validate(clouds.embeddings, 3, labelled, 0, workers);
  const auto found = find_suspicions(labelled, folds);
  std::set<std::size_t> items;
  for (const Suspicion& suspicion : found) items.insert(suspicion.item);
  for (const std::size_t flipped : {17, 101, 250}) EXPECT_TRUE(items.contains(flipped));
  EXPECT_LT(found.size(), 12u);
  EXPECT_EQ(find_suspicions(labelled, folds)[0].suggested, clouds.labels[found[0].item]);
}

}  // namespace
}  // namespace goldpan::label
