#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/error.hpp>
#include <goldpan/models/linear_head.hpp>

#include "expect_error.hpp"
#include "models/clusters.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kLinear = 0, kHidden = 24;

class Heads : public testing::TestWithParam<std::size_t> {
 protected:
  HeadOptions options() const {
    HeadOptions head;
    head.hidden = GetParam();
    return head;
  }

  Matrix<float> train_and_predict(const Embeddings& embeddings, std::size_t classes,
                                  std::span<const Index> rows, std::span<const std::int32_t> labels,
                                  std::span<const Index> asked, int threads = 1,
                                  std::span<const float> weights = {}) const {
    Workers workers(threads);
    const auto head = make_head(embeddings, classes, options());
    head->fit(rows, labels, weights, Generator(1), workers);
    Matrix<float> logits(asked.size(), classes);
    head->logits(asked, logits, workers);
    return logits;
  }
};

TEST_P(Heads, TrainingStopsHalfWay) {
  Generator generator(3);
  Matrix<float> embeddings(40'000, 256);  // seconds of training, if nothing stopped it
  for (float& x : std::span(embeddings.data(), embeddings.size())) {
    x = static_cast<float>(generator.normal());
  }
  std::vector<Index> rows(embeddings.rows());
  std::iota(rows.begin(), rows.end(), 0u);
  std::vector<std::int32_t> labels;  // of nothing that the columns show, which takes long to learn
  for (std::size_t i = 0; i < rows.size(); ++i) {
    labels.push_back(static_cast<std::int32_t>(generator.below(20)));
  }
  std::atomic<int> asked = 0;
  Workers workers(2, [&] { return ++asked > 1; });  // the second time: it has begun
  const auto head = make_head(embeddings, 20, options());
  EXPECT_THROW(head->fit(rows, labels, {}, Generator(1), workers), Cancelled);
  EXPECT_EQ(asked, 2);
}

INSTANTIATE_TEST_SUITE_P(All, Heads, testing::Values(kLinear, kHidden),
                         [](const auto& test) { return test.param == 0 ? "linear" : "hidden"; });

std::vector<float> values_of(const Matrix<float>& matrix) {
  return {matrix.data(), matrix.data() + matrix.size()};
}

void expect_finite(const Matrix<float>& matrix) {
  for (std::size_t i = 0; i < matrix.size(); ++i) EXPECT_TRUE(std::isfinite(matrix.data()[i]));
}

double accuracy(const Matrix<float>& logits, std::span<const std::int32_t> labels) {
  double right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = logits.row(i);
    right += std::ranges::max_element(row) - row.begin() == labels[i] ? 1 : 0;
  }
  return right / static_cast<double>(labels.size());
}

TEST_P(Heads, LearnsAndPredictsUnseenRows) {
  const Clusters all = make_clusters(1200, 20, 5, 1, 0.8);
  const std::span rows(all.rows);
  const Matrix<float> logits = train_and_predict(
      all.embeddings, 5, rows.first(600), std::span(all.labels).first(600), rows.subspan(600));
  EXPECT_GT(accuracy(logits, std::span(all.labels).subspan(600)), 0.9);
}

TEST_P(Heads, SameBitsForAnyThreadsAndAnyOrderOfRows) {
  const Clusters all = make_clusters(700, 20, 5, 2);
  const std::vector<float> expected =
      values_of(train_and_predict(all.embeddings, 5, all.rows, all.labels, all.rows));
  for (const int threads : {2, 4}) {
    EXPECT_EQ(
        values_of(train_and_predict(all.embeddings, 5, all.rows, all.labels, all.rows, threads)),
        expected);
  }
  std::vector<Index> shuffled = all.rows;
  Generator(3).shuffle(std::span(shuffled));
  std::vector<std::int32_t> labels;
  for (const Index row : shuffled) labels.push_back(all.labels[row]);
  EXPECT_EQ(values_of(train_and_predict(all.embeddings, 5, shuffled, labels, all.rows)), expected);
}

TEST_P(Heads, ReadsHalfPrecision) {
  const Clusters all = make_clusters(200, 8, 3, 4);
  std::vector<Half> halves;
  Matrix<float> rounded(200, 8);
  for (std::size_t i = 0; i < rounded.size(); ++i) {
    halves.push_back(to_half(all.embeddings.data()[i]));
    rounded.data()[i] = to_float(halves.back());
  }
  const Embeddings half(MatrixView<const Half>(halves.data(), 200, 8));
  EXPECT_EQ(values_of(train_and_predict(half, 3, all.rows, all.labels, all.rows)),
            values_of(train_and_predict(rounded, 3, all.rows, all.labels, all.rows)));
}

TEST_P(Heads, FewLabelsWithClassesAbsent) {
  const Clusters all = make_clusters(600, 30, 43, 5);
  // 30 labels, of at most 20 of the 43 classes.
  std::vector<Index> rows;
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; rows.size() < 30; ++i) {
    if (all.labels[i] >= 20) continue;
    rows.push_back(all.rows[i]);
    labels.push_back(all.labels[i]);
  }
  const Matrix<float> logits = train_and_predict(all.embeddings, 43, rows, labels, all.rows);
  for (std::size_t i = 0; i < logits.rows(); ++i) {
    const auto row = logits.row(i);
    double total = 0, absent = 0;
    const float top = *std::ranges::max_element(row);
    for (std::size_t c = 0; c < 43; ++c) {
      ASSERT_TRUE(std::isfinite(row[c]));
      total += std::exp(double{row[c]} - top);
      if (c >= 20) absent += std::exp(double{row[c]} - top);
    }
    // 23 classes of half an example each, of 30 and 43 halves: they stay unlikely, not impossible.
    EXPECT_GT(absent / total, 1e-9);
    EXPECT_LT(absent / total, 0.9);
  }
}

TEST_P(Heads, OneLabelOneClassOneColumn) {
  const Clusters all = make_clusters(50, 1, 2, 6);
  for (const std::size_t count : {1, 2, 7}) {
    const Matrix<float> logits =
        train_and_predict(all.embeddings, 2, std::span(all.rows).first(count),
                          std::vector<std::int32_t>(count, 1), all.rows);
    for (std::size_t i = 0; i < 50; ++i) EXPECT_GT(logits(i, 1), logits(i, 0));
  }
  const Matrix<float> single =
      train_and_predict(all.embeddings, 1, all.rows, std::vector<std::int32_t>(50, 0), all.rows);
  expect_finite(single);
}

TEST_P(Heads, CopesWithBadlyScaledColumns) {
  const Clusters all = make_clusters(1000, 24, 4, 7, 0.6);
  const std::span train(all.rows.data(), 500), test(all.rows.data() + 500, 500);
  const auto labels = std::span(all.labels);
  const double fair = accuracy(train_and_predict(all.embeddings, 4, train, labels.first(500), test),
                               labels.subspan(500));
  // Scales from 10^-3 to 10^3, a large offset, and a column that never changes.
  Matrix<float> bad(1000, 24);
  for (std::size_t i = 0; i < 1000; ++i) {
    for (std::size_t j = 0; j < 24; ++j) {
      const double scale = std::pow(10.0, static_cast<double>(j) / 23 * 6 - 3);
      bad(i, j) = static_cast<float>(scale * (all.embeddings(i, j) + 50.0));
    }
    bad(i, 11) = 3.5f;
  }
  const double scaled =
      accuracy(train_and_predict(bad, 4, train, labels.first(500), test), labels.subspan(500));
  EXPECT_GT(scaled, fair - 0.06);
}

TEST_P(Heads, ColumnsThatNeverChangeAreLeftOut) {
  Matrix<float> embeddings(40, 3);
  std::vector<Index> rows(40);
  std::iota(rows.begin(), rows.end(), Index{0});
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < 40; ++i) labels.push_back(static_cast<std::int32_t>(i % 2));
  expect_finite(train_and_predict(embeddings, 2, rows, labels, rows));
}

TEST_P(Heads, MoreColumnsThanAreDecorrelated) {
  const Clusters all = make_clusters(120, 1100, 3, 16, 0.3);
  const std::span rows(all.rows);
  EXPECT_GT(accuracy(train_and_predict(all.embeddings, 3, rows.first(80),
                                       std::span(all.labels).first(80), rows.subspan(80)),
                     std::span(all.labels).subspan(80)),
            0.9);
  Workers workers(1);
  const auto head = make_head(all.embeddings, 3, options());
  head->fit(rows, all.labels, {}, Generator(1), workers);
  std::vector<float> values(2 * 4 * 3);
  head->stochastic_passes(4, 1.0f, Generator(2))->probabilities(rows.first(2), values);
  EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0f), 8, 1e-4);
}

TEST_P(Heads, WeightsMoveTheBalanceAndOnlyTheirRatiosCount) {
  const Clusters all = make_clusters(300, 6, 2, 8, 0.2);
  std::vector<float> heavy, heavier;
  for (const std::int32_t label : all.labels) {
    heavy.push_back(label == 1 ? 5.0f : 1.0f);
    heavier.push_back(label == 1 ? 20.0f : 4.0f);
  }
  const auto share_of_1 = [&](std::span<const float> weights) {
    const Matrix<float> logits =
        train_and_predict(all.embeddings, 2, all.rows, all.labels, all.rows, 1, weights);
    double count = 0;
    for (std::size_t i = 0; i < 300; ++i) count += logits(i, 1) > logits(i, 0) ? 1 : 0;
    return count / 300;
  };
  EXPECT_GT(share_of_1(heavy), share_of_1({}) + 0.1);
  EXPECT_EQ(share_of_1(heavy), share_of_1(heavier));
}

TEST_P(Heads, PassesShareTheirMasksOverRowsAndBlocks) {
  const Clusters all = make_clusters(300, 20, 5, 9);
  Workers workers(1);
  const auto head = make_head(all.embeddings, 5, options());
  head->fit(all.rows, all.labels, {}, Generator(1), workers);
  const auto passes = head->stochastic_passes(7, 1.5f, Generator(2));
  ASSERT_EQ(passes->passes(), 7u);
  ASSERT_EQ(passes->classes(), 5u);
  std::vector<float> together(300 * 7 * 5);
  passes->probabilities(all.rows, together);
  for (std::size_t i = 0; i < together.size(); i += 5) {
    EXPECT_NEAR(std::accumulate(together.begin() + static_cast<std::ptrdiff_t>(i),
                                together.begin() + static_cast<std::ptrdiff_t>(i + 5), 0.0f),
                1, 1e-5);
  }
  // A row's values do not depend on what it is asked with; masks are those of the generator.
  const auto again = head->stochastic_passes(7, 1.5f, Generator(2));
  for (const Index row : {Index{0}, Index{130}, Index{299}}) {
    std::vector<float> alone(7 * 5);
    again->probabilities(std::span(&row, 1), alone);
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + row * 35));
  }
  // The first passes do not depend on how many there are.
  std::vector<float> few(300 * 3 * 5);
  head->stochastic_passes(3, 1.5f, Generator(2))->probabilities(all.rows, few);
  for (std::size_t i = 0; i < 300; ++i) {
    for (std::size_t v = 0; v < 15; ++v) EXPECT_NEAR(few[i * 15 + v], together[i * 35 + v], 1e-5);
  }
}

TEST_P(Heads, PassesDisagreeWithDropoutAndAverageToThePrediction) {
  const Clusters all = make_clusters(200, 20, 5, 10, 0.5);
  Workers workers(1);
  const auto head = make_head(all.embeddings, 5, options());
  head->fit(all.rows, all.labels, {}, Generator(1), workers);
  Matrix<float> logits(200, 5);
  head->logits(all.rows, logits, workers);
  const std::size_t count = 200;
  std::vector<float> values(200 * count * 5);
  const float temperature = 2;
  head->stochastic_passes(count, temperature, Generator(2))->probabilities(all.rows, values);
  double error = 0, spread = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    double total = 0;
    for (const float z : logits.row(i)) total += std::exp(double{z} / temperature);
    for (std::size_t c = 0; c < 5; ++c) {
      double mean = 0, square = 0;
      for (std::size_t k = 0; k < count; ++k) {
        const double p = values[(i * count + k) * 5 + c];
        mean += p / static_cast<double>(count);
        square += p * p / static_cast<double>(count);
      }
      error += std::abs(mean - std::exp(double{logits(i, c)} / temperature) / total) / 1000;
      spread += std::sqrt(std::max(0.0, square - mean * mean)) / 1000;
    }
  }
  EXPECT_LT(error, 0.02);
  EXPECT_GT(spread, 0.005);
  EXPECT_LT(spread, 0.2);
}

TEST_P(Heads, WithoutDropoutAllPassesAgree) {
  const Clusters all = make_clusters(60, 6, 3, 11);
  Workers workers(1);
  HeadOptions no_dropout = options();
  no_dropout.dropout = 0;
  const auto head = make_head(all.embeddings, 3, no_dropout);
  head->fit(all.rows, all.labels, {}, Generator(1), workers);
  std::vector<float> values(60 * 2 * 3);
  head->stochastic_passes(2, 1.0f, Generator(2))->probabilities(all.rows, values);
  for (std::size_t i = 0; i < 60; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(values[i * 6 + c], values[i * 6 + 3 + c], 1e-6);
    }
  }
}

TEST_P(Heads, NamesBadInput) {
  Clusters all = make_clusters(10, 4, 3, 12);
  Workers workers(1);
  const auto fit = [&](std::span<const Index> rows, std::span<const std::int32_t> labels,
                       std::span<const float> weights = {}) {
    make_head(all.embeddings, 3, options())->fit(rows, labels, weights, Generator(1), workers);
  };
  const std::vector<Index> rows = {4, 5};
  using Labels = std::vector<std::int32_t>;
  using Weights = std::vector<float>;
  expect_error([&] { fit({}, {}); }, "no labelled rows");
  expect_error([&] { fit(rows, Labels{0}); }, "2 rows, 1 labels");
  expect_error([&] { fit(rows, Labels{0, 3}); }, "got label 3 for row 5, expected 0 to 2");
  expect_error([&] { fit(rows, Labels{-1, 0}); }, "got label -1 for row 4");
  expect_error([&] { fit(std::vector<Index>{4, 10}, Labels{0, 1}); }, "got row 10");
  expect_error([&] { fit(rows, Labels{0, 1}, Weights{1, -2}); }, "for row 5");
  expect_error([&] { fit(rows, Labels{0, 1}, Weights{0, 0}); }, "only zeros");
  all.embeddings(5, 2) = std::numeric_limits<float>::quiet_NaN();
  expect_error([&] { fit(rows, Labels{0, 1}); }, "row 5 holds");

  HeadOptions bad = options();
  bad.dropout = 1;
  expect_error([&] { make_head(all.embeddings, 3, bad); }, "[dropout]");
  bad = options();
  bad.weight_decay = -1;
  expect_error([&] { make_head(all.embeddings, 3, bad); }, "[weight_decay]");
  expect_error([&] { make_head(Matrix<float>(0, 4), 3, options()); }, "0 x 4");
  expect_error([&] { make_head(all.embeddings, 0, options()); }, "0 classes");
}

TEST_P(Heads, CarriedToOtherEmbeddingsAndStoredItIsTheSameBitForBit) {
  const Clusters all = make_clusters(500, 12, 4, 21);
  Workers workers(2);
  const auto head = make_head(all.embeddings, 4, options());
  head->fit(std::span(all.rows).first(200), std::span(all.labels).first(200), {}, Generator(1),
            workers);

  // Rows 300 and on, in a matrix of their own, where they have other numbers.
  const std::span asked = std::span(all.rows).subspan(300);
  Matrix<float> others(asked.size(), 12);
  Embeddings(all.embeddings).gather_rows(asked, others);
  const std::span own = std::span(all.rows).first(asked.size());
  const auto carried = head->on(others);
  const auto stored = head_from(head->state(), others, 4, options());
  head->fit(std::span(all.rows).first(200), std::vector<std::int32_t>(200, 0), {}, Generator(1),
            workers);  // changes neither of them
  const auto again = make_head(all.embeddings, 4, options());
  again->fit(std::span(all.rows).first(200), std::span(all.labels).first(200), {}, Generator(1),
             workers);

  const auto logits_of = [&](const Classifier& classifier, std::span<const Index> rows) {
    Matrix<float> logits(rows.size(), 4);
    classifier.logits(rows, logits, workers);
    return values_of(logits);
  };
  const auto passes_of = [&](const Classifier& classifier, std::span<const Index> rows) {
    std::vector<float> values(rows.size() * 5 * 4);
    classifier.stochastic_passes(5, 1.3f, Generator(2))->probabilities(rows, values);
    return values;
  };
  const auto features_of = [&](const Classifier& classifier, std::span<const Index> rows) {
    Matrix<float> features(rows.size(), classifier.feature_dim());
    if (classifier.feature_dim() > 0) classifier.features(rows, features, workers);
    return values_of(features);
  };
  for (const Head* other : {carried.get(), stored.get()}) {
    EXPECT_EQ(logits_of(*other, own), logits_of(*again, asked));
    EXPECT_EQ(passes_of(*other, own), passes_of(*again, asked));
    EXPECT_EQ(features_of(*other, own), features_of(*again, asked));
  }
}

TEST_P(Heads, RefusesOtherColumnsAndDamagedState) {
  const Clusters all = make_clusters(50, 6, 3, 22);
  Workers workers(1);
  const auto head = make_head(all.embeddings, 3, options());
  head->fit(all.rows, all.labels, {}, Generator(1), workers);
  expect_error([&] { head->on(Matrix<float>(4, 5)); }, "expected the 6");
  HeadState state = head->state();
  state["mean"] = Matrix<float>(1, 5);
  expect_error([&] { head_from(state, all.embeddings, 3, options()); }, "'mean'");
  state.erase("mean");
  expect_error([&] { head_from(state, all.embeddings, 3, options()); }, "no 'mean'");
}

TEST(LinearHead, HasNoFeaturesOfItsOwn) {
  const Clusters all = make_clusters(10, 4, 3, 13);
  EXPECT_EQ(make_head(all.embeddings, 3)->feature_dim(), 0u);
}

TEST(HiddenHead, FeaturesAreWhatTheLastLayerSees) {
  const Clusters all = make_clusters(200, 10, 3, 14);
  Workers workers(2);
  HeadOptions options;
  options.hidden = 20;
  const auto head = make_head(all.embeddings, 3, options);
  head->fit(all.rows, all.labels, {}, Generator(1), workers);
  ASSERT_EQ(head->feature_dim(), 20u);
  Matrix<float> features(200, 20), logits(200, 3);
  head->features(all.rows, features, workers);
  head->logits(all.rows, logits, workers);
  double positive = 0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    ASSERT_GE(features.data()[i], 0);
    positive += features.data()[i] > 0 ? 1 : 0;
  }
  EXPECT_GT(positive, 200);

  // A linear head on the features does at least as well as the network itself.
  const auto linear = make_head(features, 3);
  linear->fit(all.rows, all.labels, {}, Generator(1), workers);
  Matrix<float> relearned(200, 3);
  linear->logits(all.rows, relearned, workers);
  EXPECT_GE(accuracy(relearned, all.labels), accuracy(logits, all.labels) - 0.02);
}

TEST(HiddenHead, FindsWhatALinearHeadCannot) {
  // Two classes inside and outside a circle.
  Generator generator(15);
  Matrix<float> points(800, 2);
  std::vector<std::int32_t> labels;
  std::vector<Index> rows;
  for (std::size_t i = 0; i < 800; ++i) {
    points(i, 0) = static_cast<float>(generator.normal());
    points(i, 1) = static_cast<float>(generator.normal());
    labels.push_back(points(i, 0) * points(i, 0) + points(i, 1) * points(i, 1) < 1.4f ? 1 : 0);
    rows.push_back(static_cast<Index>(i));
  }
  Workers workers(1);
  HeadOptions options;
  options.hidden = 32;
  const auto head = make_head(points, 2, options);
  head->fit(rows, labels, {}, Generator(1), workers);
  Matrix<float> logits(800, 2);
  head->logits(rows, logits, workers);
  EXPECT_GT(accuracy(logits, labels), 0.9);
}

}  // namespace
}  // namespace goldpan
