#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

using testing::HasSubstr;

Selection pick(const char* strategy, const Pool& pool, std::size_t batch,
               const StrategyOptions& options = {}) {
  Generator generator(0);
  Workers workers(2);
  return select(strategy, pool, batch, generator, workers, options);
}

StrategyOptions with(const char* name, double value) {
  StrategyOptions options;
  options.values.set(name, value);
  return options;
}

void expect_same(const Selection& ours, const Selection& theirs) {
  EXPECT_EQ(ours.indices, theirs.indices);
  EXPECT_EQ(ours.scores, theirs.scores);
}

TEST(Auto, StartsColdByTheRule) {
  const SyntheticPool data(300, 8, 4, 0);
  const Selection few = pick("auto", data.view(), 30);
  expect_same(few, pick("max_herding", data.view(), 30, with("radius", 0.5)));
  ASSERT_GE(few.notes.size(), 2u);
  EXPECT_EQ(few.notes[0], "auto: no labels yet");
  EXPECT_THAT(few.notes[1], HasSubstr("by max_herding with radius 0.5"));
  expect_same(pick("auto", data.view(), 80), pick("k_means", data.view(), 80));
}

TEST(Auto, NeedsNoModel) {
  const SyntheticPool data(300, 8, 4, 40);
  Pool pool = data.view();
  pool.probabilities = {};
  pool.passes = nullptr;
  const Selection picked = pick("auto", pool, 20);
  EXPECT_EQ(picked.indices.size(), 20u);
  EXPECT_EQ(picked.notes[0], "auto: no probabilities");
}

TEST(Auto, CoversWhileLabelsAreFew) {
  const SyntheticPool data(400, 8, 4, 39);  // 9.75 a class
  StrategyOptions options = with("labels_per_class", 10);
  const Selection picked = pick("auto", data.view(), 20, options);
  expect_same(picked, pick("uherding", data.view(), 20, with("radius", 0.7)));
  EXPECT_THAT(picked.notes[0], HasSubstr("39 labels, 9.8 a class, below 10: picked by uherding"));
  options.values.set("labels_per_class", 9);
  options.values.set("twin_share", 1);
  expect_same(pick("auto", data.view(), 20, options), pick("margin", data.view(), 20));
}

TEST(Auto, TakesMarginWithManyLabelsUnlessItsBatchRepeatsItself) {
  SyntheticPool data(900, 8, 4, 300);
  const Selection apart = pick("auto", data.view(), 60, with("twin_cosine", 0.99999));
  expect_same(apart, pick("margin", data.view(), 60));
  EXPECT_THAT(apart.notes[0], HasSubstr("near twins of each other: picked by margin"));
  // Every other row becomes the row before it, with its probabilities.
  for (std::size_t i = 1; i < 900; i += 2) {
    std::ranges::copy(data.embeddings.row(i - 1), data.embeddings.row(i).begin());
    std::ranges::copy(data.probabilities.row(i - 1), data.probabilities.row(i).begin());
  }
  const Selection twins = pick("auto", data.view(), 60, with("twin_cosine", 0.99999));
  expect_same(twins, pick("badge", data.view(), 60));
  EXPECT_THAT(twins.notes[0], HasSubstr("picked by badge"));
  StrategyOptions never = with("twin_cosine", 0.99999);
  never.values.set("twin_share", 1);
  expect_same(pick("auto", data.view(), 60, never), pick("margin", data.view(), 60));
}

}  // namespace
}  // namespace goldpan
