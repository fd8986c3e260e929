#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>
#include <goldpan/strategies/detection.hpp>

#include "expect_error.hpp"
#include "reference/image_distances.hpp"

namespace goldpan {
namespace {

using testing::ElementsAre;

Detection detection(double score, std::int32_t category = 0, std::vector<float> probs = {}) {
  Detection made{.box = {.x = 0, .y = 0, .width = 1, .height = 1},
                 .score = score,
                 .probabilities = std::move(probs)};
  made.box.category = category;
  return made;
}

double h(double p) { return -p * std::log(p) - (1 - p) * std::log(1 - p); }

/// Images with up to 7 boxes of three categories, and features around a center for each category.
struct MadePool {
  explicit MadePool(std::size_t images, std::uint64_t seed = 1, std::size_t dims = 5) {
    Generator random(seed);
    std::vector<float> values;
    for (std::size_t i = 0; i < images; ++i) {
      detections.emplace_back();
      rows.emplace_back();
      for (std::uint64_t n = random.below(8); n > 0; --n) {
        const auto category = static_cast<std::int32_t>(random.below(3));
        detections.back().push_back(detection(random.uniform(), category));
        rows.back().push_back(static_cast<Index>(values.size() / dims));
        for (std::size_t d = 0; d < dims; ++d) {
          values.push_back(static_cast<float>(random.normal() +
                                              (d == static_cast<std::size_t>(category) ? 2 : 0)));
        }
      }
    }
    features = Matrix<float>(values.size() / dims, dims);
    std::copy(values.begin(), values.end(), features.data());
    all.resize(images);
    std::iota(all.begin(), all.end(), Index{0});
  }
  DetectionPool view() const { return {detections, rows, features, {}, all}; }

  std::vector<std::vector<Detection>> detections;
  std::vector<std::vector<Index>> rows;
  Matrix<float> features;
  std::vector<Index> all;
};

TEST(BoxScores, ByHand) {
  EXPECT_DOUBLE_EQ(box_score(detection(0.25), BoxScore::kEntropy), h(0.25));
  EXPECT_EQ(box_score(detection(1), BoxScore::kEntropy), 0);
  EXPECT_DOUBLE_EQ(box_score(detection(0.75), BoxScore::kMargin), 0.5);
  EXPECT_DOUBLE_EQ(box_score(detection(0.75), BoxScore::kLeastConfidence), 0.25);
  const Detection full = detection(0.5, 0, {0.5f, 0.25f, 0.25f});
  EXPECT_DOUBLE_EQ(box_score(full, BoxScore::kEntropy), 1.5 * std::log(2.0));
  EXPECT_DOUBLE_EQ(box_score(full, BoxScore::kMargin), 0.75);
  EXPECT_DOUBLE_EQ(box_score(full, BoxScore::kLeastConfidence), 0.5);
  EXPECT_DOUBLE_EQ(box_score(full, BoxScore::kBinaryEntropy), std::log(2.0));
}

TEST(ImageScores, ByHand) {
  Workers workers(2);
  const std::vector<std::vector<Detection>> images = {
      {detection(0.5), detection(0.9, 1), detection(0.01), detection(0.7)}, {}, {detection(0.02)}};
  const auto scores = [&](BoxAggregate aggregate) {
    ImageScoreOptions options;
    options.aggregate = aggregate;
    options.top_k = 2;
    options.empty = -1;
    return image_scores(images, options, workers);
  };
  EXPECT_DOUBLE_EQ(scores(BoxAggregate::kMax)[0], h(0.5));
  EXPECT_NEAR(scores(BoxAggregate::kSum)[0], h(0.5) + h(0.9) + h(0.7), 1e-15);
  EXPECT_NEAR(scores(BoxAggregate::kMean)[0], (h(0.5) + h(0.9) + h(0.7)) / 3, 1e-15);
  EXPECT_NEAR(scores(BoxAggregate::kTopK)[0], (h(0.5) + h(0.7)) / 2, 1e-15);
  EXPECT_EQ(scores(BoxAggregate::kMax)[1], -1);
  EXPECT_EQ(scores(BoxAggregate::kMax)[2], -1);
  ImageScoreOptions weighted;
  weighted.aggregate = BoxAggregate::kSum;
  weighted.category_weights = {1, 2};
  EXPECT_NEAR(image_scores(images, weighted, workers)[0], h(0.5) + 2 * h(0.9) + h(0.7), 1e-15);
  weighted.category_weights = {1};
  expect_error([&] { image_scores(images, weighted, workers); },
               "image 0, detection 1] has category 1");
}

TEST(ImageScores, CorrelationWithTheNumberOfBoxes) {
  const std::vector<double> boxes = {1, 2, 3, 4}, counting = {2, 4, 6, 8}, against = {4, 3, 2, 1};
  const std::vector<Index> all = {0, 1, 2, 3};
  EXPECT_NEAR(box_correlation(counting, boxes, all), 1, 1e-12);
  EXPECT_NEAR(box_correlation(against, boxes, all), -1, 1e-12);
  EXPECT_EQ(box_correlation(std::vector<double>(4, 1.0), boxes, all), 0);
}

TEST(Ppal, Difficulty) {
  EXPECT_NEAR(ppal_difficulty(1), 1, 1e-12);
  EXPECT_NEAR(ppal_difficulty(0), 1.2, 1e-12);
  EXPECT_NEAR(ppal_difficulty(0.5), 1 + 0.06 * std::log((std::exp(1 / 0.3) - 1) * 0.5 + 1), 1e-12);
}

TEST(ImageDistances, EqualTheReference) {
  Workers workers(2);
  const MadePool made(45);
  const DetectionPool pool = made.view();
  for (const std::size_t most : {std::size_t{100}, std::size_t{2}}) {
    const Matrix<float> distances = image_distances(pool, made.all, 0.2, most, workers);
    for (Index i = 0; i < 45; ++i) {
      EXPECT_EQ(distances(i, i), 0);
      for (Index j = 0; j < 45; ++j) {
        if (i == j) continue;
        EXPECT_NEAR(distances(i, j), reference::image_distance(pool, i, j, 0.2, most), 2e-6);
        EXPECT_EQ(distances(i, j), distances(j, i));
      }
    }
  }
}

TEST(ImageDistances, TheSameForAnyNumberOfThreads) {
  const MadePool made(70, 3);
  Workers one(1), three(3);
  const auto a = image_distances(made.view(), made.all, 0.05, 100, one);
  const auto b = image_distances(made.view(), made.all, 0.05, 100, three);
  EXPECT_TRUE(std::equal(a.data(), a.data() + a.size(), b.data()));
}

TEST(KMedoids, EqualsTheReference) {
  Workers workers(2);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Generator random(seed);
    Matrix<float> distances(40, 40);
    for (std::size_t i = 0; i < 40; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        // Few values: many ties.
        distances(i, j) = distances(j, i) = static_cast<float>(1 + random.below(6));
      }
    }
    for (const std::size_t count : {1u, 7u, 40u}) {
      const auto first = static_cast<Index>(random.below(40));
      EXPECT_EQ(k_medoids(distances, count, first, 100, workers),
                reference::k_medoids(distances, count, first, 100));
    }
  }
}

TEST(Ppal, PicksTheMedoidsOfTheMostUncertain) {
  Workers workers(2);
  const MadePool made(60, 5);
  DetectionPool pool = made.view();
  std::vector<Index> unlabeled;
  for (Index i = 0; i < 60; i += 2) unlabeled.push_back(i);
  pool.unlabeled = unlabeled;
  const PpalOptions options{.candidates = 3, .category_quality = {0.2, 0.9, 0.5}, .progress = {}};
  const Selection selection = ppal(pool, 5, options, workers);
  // The same from the parts' slow versions.
  std::vector<std::pair<double, Index>> ranked;
  for (const Index image : unlabeled) {
    double score = 0;
    for (const Detection& d : made.detections[image]) {
      if (d.score >= 0.05)
        score +=
            ppal_difficulty(options.category_quality[static_cast<std::size_t>(d.box.category)]) *
            h(d.score);
    }
    ranked.emplace_back(-score, image);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<Index> candidates;
  for (int i = 0; i < 15; ++i) candidates.push_back(ranked[static_cast<std::size_t>(i)].second);
  std::sort(candidates.begin(), candidates.end());
  Matrix<float> distances(15, 15);
  for (std::size_t i = 0; i < 15; ++i) {
    for (std::size_t j = 0; j < 15; ++j) {
      distances(i, j) = i == j ? 0.0f
                               : static_cast<float>(reference::image_distance(
                                     pool, candidates[i], candidates[j], 0.05, 100));
    }
  }
  const auto first = static_cast<Index>(
      std::find(candidates.begin(), candidates.end(), ranked[0].second) - candidates.begin());
  std::vector<Index> expected;
  for (const Index place : reference::k_medoids(distances, 5, first, 100))
    expected.push_back(candidates[place]);
  EXPECT_THAT(selection.indices, testing::UnorderedElementsAreArray(expected));
  EXPECT_TRUE(std::is_sorted(selection.scores.rbegin(), selection.scores.rend()));
}

TEST(Ppal, TakesAllAndNothing) {
  Workers workers(2);
  const MadePool made(9, 2);
  EXPECT_TRUE(ppal(made.view(), 0, {}, workers).indices.empty());
  EXPECT_THAT(ppal(made.view(), 9, {}, workers).indices,
              testing::UnorderedElementsAreArray(made.all));
  expect_error([&] { ppal(made.view(), 10, {}, workers); }, "at most the 9 unlabelled");
  MadePool broken(9, 2);
  broken.features(1, 2) = std::nanf("");
  expect_error([&] { ppal(broken.view(), 2, {}, workers); }, "row 1, column 2 is not finite");
  broken = MadePool(9, 2);
  broken.rows[0].push_back(0);
  expect_error([&] { ppal(broken.view(), 2, {}, workers); }, "box features, image 0]");
}

TEST(DivProto, SuppressesWithinAnImageAndPassesOverWhatIsSeen) {
  // Image 0: the same thing twice. Image 1: two different things. Image 2: like image 1, a little
  // surer. Image 3: another category.
  Matrix<float> features(7, 2);
  const float values[7][2] = {{1, 0}, {1, 0.1f}, {1, 0}, {0, 1}, {1, 0}, {0, 1}, {1, 0}};
  for (std::size_t i = 0; i < 7; ++i) std::copy_n(values[i], 2, features.row(i).data());
  const std::vector<std::vector<Detection>> detections = {{detection(0.5), detection(0.5)},
                                                          {detection(0.6), detection(0.6)},
                                                          {detection(0.65), detection(0.65)},
                                                          {detection(0.99, 1)}};
  const std::vector<std::vector<Index>> rows = {{0, 1}, {2, 3}, {4, 5}, {6}};
  const std::vector<Index> all = {0, 1, 2, 3};
  const DetectionPool pool{detections, rows, features, {}, all};
  Workers workers(2);
  const Selection two = div_proto(pool, 2, {}, workers);
  EXPECT_THAT(two.indices, ElementsAre(1, 3));  // 2 looks like 1; so does 0, whose score is h(0.5)
  EXPECT_NEAR(two.scores[0], 2 * h(0.6), 1e-12);
  EXPECT_TRUE(two.notes.empty());
  const Selection three = div_proto(pool, 3, {}, workers);
  EXPECT_THAT(three.indices, ElementsAre(1, 3, 2));
  EXPECT_EQ(three.notes.size(), 1u);
}

}  // namespace
}  // namespace goldpan
