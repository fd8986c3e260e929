#include "reference/bait.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "expect_error.hpp"
#include "kernels/trace_gains.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Selection pick(const Pool& pool, std::size_t batch, const StrategyOptions& options = {}) {
  Generator generator(0);
  Workers workers(2);
  return select("bait", pool, batch, generator, workers, options);
}

TEST(Bait, MatchesTheDefinition) {
  struct Case {
    std::size_t rows, dims, classes, labels, batch;
    double lambda;
  };
  for (const Case& c :
       {Case{30, 3, 3, 5, 4, 1.0}, Case{40, 2, 2, 0, 6, 0.1}, Case{25, 1, 5, 3, 3, 1.0},
        Case{20, 4, 3, 2, 12, 1.0}, Case{12, 2, 4, 2, 10, 0.5}}) {
    const SyntheticPool data(c.rows, c.dims, c.classes, c.labels, c.rows);
    StrategyOptions options;
    options.values.set("bait_lambda", c.lambda);
    const Selection picked = pick(data.view(), c.batch, options);
    std::vector<double> gains;
    EXPECT_EQ(picked.indices,
              reference::bait(data.embeddings, data.probabilities.view(), data.labeled,
                              data.unlabeled, c.batch, c.lambda, gains))
        << c.rows;
    for (std::size_t i = 0; i < gains.size(); ++i) {
      EXPECT_NEAR(picked.scores[i], gains[i], 2e-4 * gains[0]) << c.rows << " pick " << i;
    }
  }
}

// More rows than one block, more picks than are collected before a product: the states that were
// carried along must agree with a trace computed from scratch.
TEST(Bait, LongRunsDoNotDrift) {
  const SyntheticPool data(700, 4, 3, 20);
  StrategyOptions options;
  options.values.set("bait_oversampling", 1.0);
  const Selection picked = pick(data.view(), 100, options);
  reference::Bait state(data.embeddings, data.probabilities.view(), data.labeled, data.unlabeled,
                        1.0);
  for (std::size_t i = 0; i < 100; ++i) {
    const double before = state.trace();
    state.take(picked.indices[i], 1);
    EXPECT_NEAR(picked.scores[i], before - state.trace(), 1e-3 * (before - state.trace())) << i;
  }
}

TEST(Bait, PrefersTheInformativeRow) {
  // Row 1 is unsure and far from the origin; the others are sure or at the origin.
  const std::vector<float> h = {3, 3, 0}, p = {0.999f, 0.001f, 0.5f, 0.5f, 0.5f, 0.5f};
  const std::vector<Index> rows = {0, 1, 2};
  Pool pool;
  pool.embeddings = MatrixView<const float>(h.data(), 3, 1);
  pool.probabilities = {p.data(), 3, 2};
  pool.unlabeled = rows;
  const Selection picked = pick(pool, 1);
  EXPECT_EQ(picked.indices, (std::vector<Index>{1}));
}

TEST(Bait, TheFactorOfTheMultinomialCovariance) {
  for (const std::vector<float>& p :
       {std::vector<float>{0.5f, 0.25f, 0.25f}, std::vector<float>{0, 0.25f, 0, 0.75f},
        std::vector<float>{1, 0, 0}, std::vector<float>{0, 0, 1},
        std::vector<float>{0.25f, 0.75f}}) {
    const Matrix<float> factor = multinomial_factor(p);
    for (std::size_t i = 0; i + 1 < p.size(); ++i) {
      for (std::size_t j = 0; j + 1 < p.size(); ++j) {
        float sum = 0;
        for (std::size_t k = 0; k + 1 < p.size(); ++k) sum += factor(i, k) * factor(j, k);
        EXPECT_NEAR(sum, (i == j ? p[i] : 0.0f) - p[i] * p[j], 1e-6f);
      }
    }
  }
}

TEST(Bait, RefusesWhatItCannotWorkWith) {
  SyntheticPool data(30, 3, 3, 5);
  StrategyOptions options;
  options.values.set("bait_lambda", 0);
  expect_error([&] { pick(data.view(), 2, options); }, "[bait_lambda] got 0");
  options = {};
  options.values.set("bait_oversampling", 0.5);
  expect_error([&] { pick(data.view(), 2, options); }, "[bait_oversampling] got 0.5");
  data.probabilities(data.labeled[2], 0) = 7;
  expect_error([&] { pick(data.view(), 2); }, "labelled row " + std::to_string(data.labeled[2]) +
                                                  " holds a NaN, a negative value or one above 1");
  const SyntheticPool wide(4, 9000, 3, 1);
  expect_error([&] { pick(wide.view(), 1); }, "[features] got 9000 dimensions and 3 classes");
}

}  // namespace
}  // namespace goldpan
