#include <algorithm>
#include <limits>
#include <numeric>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/models/fit_cache.hpp>

#include "expect_error.hpp"
#include "models/clusters.hpp"

namespace goldpan {
namespace {

class FitCacheTest : public testing::Test {
 protected:
  FitCacheTest() : data_(make_clusters(300, 12, 4, 1)) {
    for (std::size_t i = 0; i < data_.rows.size(); ++i) {
      weights_.push_back(1.0f + 0.1f * static_cast<float>(i % 7));
    }
  }

  std::vector<float> logits(const Head& head) {
    Matrix<float> out(data_.rows.size(), 4);
    head.logits(data_.rows, out, workers_);
    return {out.data(), out.data() + out.size()};
  }

  std::unique_ptr<Head> fit(FitCache& cache, std::size_t rows, bool weighted = false) {
    return cache.fit(
        std::span(data_.rows).first(rows), std::span(data_.labels).first(rows),
        weighted ? std::span<const float>(weights_).first(rows) : std::span<const float>(),
        Generator(1), workers_);
  }

  std::vector<float> plain(std::size_t rows, bool weighted = false) {
    const auto head = make_head(data_.embeddings, 4, {});
    head->fit(std::span(data_.rows).first(rows), std::span(data_.labels).first(rows),
              weighted ? std::span<const float>(weights_).first(rows) : std::span<const float>(),
              Generator(1), workers_);
    return logits(*head);
  }

  Clusters data_;
  std::vector<float> weights_;
  Workers workers_{2};
};

TEST_F(FitCacheTest, GivesWhatTrainingGives) {
  FitCache cache(data_.embeddings, 4, {});
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(logits(*fit(cache, 100)), plain(100));
    EXPECT_EQ(logits(*fit(cache, 250)), plain(250));
    EXPECT_EQ(logits(*fit(cache, 100, true)), plain(100, true));
  }
  EXPECT_EQ(cache.counts().trained, 3u);
  EXPECT_EQ(cache.counts().reused, 3u);
}

TEST_F(FitCacheTest, DoesNotMindTheOrder) {
  FitCache cache(data_.embeddings, 4, {});
  std::vector<Index> rows(data_.rows.rbegin(), data_.rows.rend());
  std::vector<std::int32_t> labels(data_.labels.rbegin(), data_.labels.rend());
  const std::vector<float> weights(weights_.rbegin(), weights_.rend());
  const auto first = cache.fit(rows, labels, weights, Generator(1), workers_);
  EXPECT_EQ(logits(*fit(cache, rows.size(), true)), logits(*first));
  EXPECT_EQ(cache.counts().trained, 1u);
}

TEST_F(FitCacheTest, TellsLabelsAndWeightsApart) {
  FitCache cache(data_.embeddings, 4, {});
  const auto before = logits(*fit(cache, 200));
  data_.labels[7] = (data_.labels[7] + 1) % 4;
  EXPECT_NE(logits(*fit(cache, 200)), before);
  EXPECT_EQ(logits(*fit(cache, 200)), plain(200));
  EXPECT_EQ(cache.counts().trained, 2u);
}

TEST_F(FitCacheTest, TrainsASetOnceForThreadsThatAskAtOnce) {
  FitCache cache(data_.embeddings, 4, {});
  std::vector<std::unique_ptr<Head>> heads(4);
  {
    std::vector<std::jthread> threads;
    for (auto& head : heads) {
      threads.emplace_back([&] {
        Workers own(1);
        head = cache.fit(data_.rows, data_.labels, {}, Generator(1), own);
      });
    }
  }
  for (const auto& head : heads) EXPECT_EQ(logits(*head), plain(data_.rows.size()));
  EXPECT_EQ(cache.counts().trained, 1u);
  EXPECT_EQ(cache.counts().reused, 3u);
}

TEST_F(FitCacheTest, ForgetsWhatWasAskedForLongestAgo) {
  FitCache cache(data_.embeddings, 4, {}, 2);
  fit(cache, 100);
  fit(cache, 110);
  fit(cache, 100);
  fit(cache, 120);  // 110 goes
  fit(cache, 100);
  EXPECT_EQ(cache.counts().trained, 3u);
  EXPECT_EQ(logits(*fit(cache, 110)), plain(110));
  EXPECT_EQ(cache.counts().trained, 4u);
}

TEST_F(FitCacheTest, AHeadOutlivesItsEntryAndItsNeighbours) {
  FitCache cache(data_.embeddings, 4, {}, 1);
  const auto head = fit(cache, 100);
  fit(cache, 150);
  EXPECT_EQ(logits(*head), plain(100));
}

TEST_F(FitCacheTest, TrainsHeadsThatDrawRandomNumbersEveryTime) {
  HeadOptions options;
  options.hidden = 8;
  FitCache cache(data_.embeddings, 4, options);
  fit(cache, 100);
  fit(cache, 100);
  EXPECT_EQ(cache.counts().trained, 2u);
}

TEST_F(FitCacheTest, ThrowsWhatFittingThrowsAndRemembersNoFailure) {
  FitCache cache(data_.embeddings, 4, {});
  expect_error([&] { cache.fit({}, {}, {}, Generator(1), workers_); }, "no labelled rows");
  data_.labels[0] = 9;
  expect_error([&] { fit(cache, 10); }, "label 9");
  expect_error([&] { fit(cache, 10); }, "label 9");
  EXPECT_EQ(cache.counts().reused, 0u);
}

}  // namespace
}  // namespace goldpan
