#include "reference/alfa_mix.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

/// A pool whose probabilities come from a linear head that the test knows.
struct LinearPool {
  LinearPool() : data(600, 6, 4, 60, 17) {
    Generator generator(5);
    head.weights = Matrix<double>(4, 6);
    head.bias.resize(4);
    for (std::size_t c = 0; c < 4; ++c) {
      for (std::size_t d = 0; d < 6; ++d) head.weights(c, d) = 0.4 * generator.normal();
      head.bias[c] = generator.normal();
    }
    for (std::size_t i = 0; i < 600; ++i) {
      const std::vector<double> logits = head.logits(row(i));
      double sum = 0;
      for (const double logit : logits) sum += std::exp(logit);
      for (std::size_t c = 0; c < 4; ++c) {
        data.probabilities(i, c) = static_cast<float>(std::exp(logits[c]) / sum);
      }
    }
  }
  std::vector<double> row(std::size_t i) const {
    const auto values = data.embeddings.row(i);
    return {values.begin(), values.end()};
  }
  SyntheticPool data;
  reference::Head head;
};

TEST(AlfaMix, CandidatesAreThoseOfTheDefinition) {
  const LinearPool pool;
  std::vector<std::vector<double>> anchors(4, std::vector<double>(6, 0.0));
  std::vector<double> counts(4, 0);
  for (const Index row : pool.data.labeled) {
    const std::vector<double> z = pool.row(row);
    const std::size_t c = reference::arg_max(pool.head.logits(z));
    for (std::size_t d = 0; d < 6; ++d) anchors[c][d] += z[d];
    ++counts[c];
  }
  for (std::size_t c = 0; c < 4; ++c) {
    for (double& value : anchors[c]) value /= std::max(1.0, counts[c]);
  }
  for (std::size_t c = 4; c-- > 0;) {
    if (counts[c] == 0) anchors.erase(anchors.begin() + static_cast<std::ptrdiff_t>(c));
  }
  ASSERT_GE(anchors.size(), 2u);
  for (const double epsilon : {0.2, 0.05}) {
    std::vector<Index> expected;
    for (const Index row : pool.data.unlabeled) {
      if (reference::alfa_mix_changes(pool.head, pool.row(row), anchors,
                                      epsilon / std::sqrt(6.0))) {
        expected.push_back(row);
      }
    }
    ASSERT_GT(expected.size(), 5u);
    ASSERT_LT(expected.size(), 500u);
    // As many picks as there are candidates: all of them, and none else.
    Generator generator(0);
    Workers workers(2);
    StrategyOptions options;
    options.values.set("mix_epsilon", epsilon);
    Selection picked =
        select("alfa_mix", pool.data.view(), expected.size(), generator, workers, options);
    std::ranges::sort(picked.indices);
    EXPECT_EQ(picked.indices, expected) << epsilon;
    EXPECT_THAT(picked.notes[0], testing::HasSubstr(std::to_string(expected.size()) + " of 540"));
  }
}

TEST(AlfaMix, FewCandidatesAreFilledAtRandom) {
  const LinearPool pool;
  Generator generator(0);
  Workers workers(2);
  StrategyOptions options;
  options.values.set("mix_epsilon", 0.0);
  const Selection picked = select("alfa_mix", pool.data.view(), 20, generator, workers, options);
  EXPECT_EQ(picked.indices.size(), 20u);
  EXPECT_THAT(picked.notes[0],
              testing::HasSubstr("0 of 540 rows are candidates: 20 picks at random"));
}

TEST(AlfaMix, SaysWhenTheFeaturesAreNotThoseOfTheHead) {
  LinearPool pool;
  Generator noise(3);
  for (std::size_t i = 0; i < pool.data.embeddings.size(); ++i) {
    pool.data.embeddings.data()[i] = static_cast<float>(noise.normal());
  }
  Generator generator(0);
  Workers workers(2);
  const Selection picked = select("alfa_mix", pool.data.view(), 5, generator, workers);
  EXPECT_THAT(picked.notes.back(), testing::HasSubstr("not what the last layer sees"));
}

}  // namespace
}  // namespace goldpan
