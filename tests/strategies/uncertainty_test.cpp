#include "reference/uncertainty.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Selection pick(std::string_view strategy, const Pool& pool, std::size_t batch, int threads = 2) {
  Generator generator(0);
  Workers workers(threads);
  return select(strategy, pool, batch, generator, workers);
}

/// Four rows of three classes, none labelled.
struct HandMade {
  HandMade(std::vector<float> values) : p(std::move(values)), rows(p.size() / 3) {
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<Index>(i);
  }
  Pool view() const {
    Pool pool;
    pool.probabilities = {p.data(), rows.size(), 3};
    pool.unlabeled = rows;
    return pool;
  }
  std::vector<float> p;
  std::vector<Index> rows;
};

TEST(Uncertainty, TheThreeDisagree) {
  const HandMade data({0.5f, 0.5f, 0.0f,      // no margin
                       0.4f, 0.3f, 0.3f,      // most entropy, least confidence
                       0.9f, 0.05f, 0.05f});  // sure
  EXPECT_EQ(pick("margin", data.view(), 3).indices, (std::vector<Index>{0, 1, 2}));
  EXPECT_EQ(pick("entropy", data.view(), 3).indices, (std::vector<Index>{1, 0, 2}));
  EXPECT_EQ(pick("least_confidence", data.view(), 3).indices, (std::vector<Index>{1, 0, 2}));

  const Selection margin = pick("margin", data.view(), 3);
  EXPECT_EQ(margin.scores[0], 0.0);
  EXPECT_FALSE(std::signbit(margin.scores[0]));
  EXPECT_NEAR(margin.scores[1], 0.1, 1e-7);
  EXPECT_NEAR(margin.scores[2], 0.85, 1e-7);
  EXPECT_NEAR(pick("entropy", data.view(), 2).scores[1], std::log(2.0), 1e-7);
  EXPECT_NEAR(pick("least_confidence", data.view(), 1).scores[0], 0.6, 1e-7);
}

TEST(Uncertainty, ZeroProbabilitiesGiveNoNaN) {
  const HandMade data({0, 0, 1, 0.5f, 0.5f, 0, 1, 0, 0});
  const Selection picked = pick("entropy", data.view(), 3);
  EXPECT_EQ(picked.indices, (std::vector<Index>{1, 0, 2}));
  EXPECT_EQ(picked.scores[1], 0.0);
  EXPECT_EQ(picked.scores[2], 0.0);
}

TEST(Uncertainty, TiesGoToTheLowestRowEvenWhenClassesArePermuted) {
  const HandMade data({0.7f, 0.2f, 0.1f, 0.1f, 0.7f, 0.2f, 0.2f, 0.1f, 0.7f, 0.1f, 0.2f, 0.7f});
  for (const char* strategy : {"entropy", "margin", "least_confidence"}) {
    EXPECT_EQ(pick(strategy, data.view(), 3).indices, (std::vector<Index>{0, 1, 2})) << strategy;
  }
}

TEST(Uncertainty, SmallDifferencesDoNotTieByRounding) {
  // 1 - p rounds to the same float for both, the probabilities differ.
  const float p = 0.34f, higher = std::nextafter(p, 1.0f);
  const HandMade data({higher, 0.33f, 0.33f, p, 0.33f, 0.33f});
  EXPECT_EQ(pick("least_confidence", data.view(), 2).indices, (std::vector<Index>{1, 0}));
  EXPECT_EQ(pick("margin", data.view(), 2).indices, (std::vector<Index>{1, 0}));
}

TEST(Uncertainty, MatchesTheDefinitionOnlyAmongTheUnlabelled) {
  for (const std::size_t classes : {2, 10, 100}) {
    SyntheticPool data(5000, 2, classes, 700, classes);
    for (const Index row : data.labeled) data.probabilities(row, 0) = std::nanf("");  // not read
    std::vector<double> entropy, margin, confidence;
    for (const Index row : data.unlabeled) {
      const auto p = data.probabilities.row(row);
      entropy.push_back(reference::entropy(p));
      std::vector<double> sorted(p.begin(), p.end());
      std::sort(sorted.rbegin(), sorted.rend());
      margin.push_back(sorted[1] - sorted[0]);
      confidence.push_back(1 - sorted[0]);
    }
    EXPECT_EQ(pick("margin", data.view(), 300).indices,
              reference::top(data.unlabeled, margin, 300));
    EXPECT_EQ(pick("least_confidence", data.view(), 300).indices,
              reference::top(data.unlabeled, confidence, 300));
    const Selection picked = pick("entropy", data.view(), 300);
    const std::vector<Index> expected = reference::top(data.unlabeled, entropy, 300);
    for (std::size_t i = 0; i < 300; ++i) {  // entropies are computed to float's precision
      EXPECT_NEAR(picked.scores[i], reference::entropy(data.probabilities.row(expected[i])), 2e-6);
      EXPECT_NEAR(picked.scores[i], reference::entropy(data.probabilities.row(picked.indices[i])),
                  2e-6);
    }
  }
}

}  // namespace
}  // namespace goldpan
