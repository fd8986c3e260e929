#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "expect_error.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

/// What every row of the strategy table promises, whatever the pool looks like.
class Contract : public testing::TestWithParam<StrategyInfo> {
 protected:
  Selection pick(const Pool& pool, std::size_t batch, int threads = 2, std::uint64_t seed = 11) {
    Generator generator(seed);
    Workers workers(threads);
    return select(GetParam().name, pool, batch, generator, workers);
  }

  /// Picks, and checks count, range and distinctness.
  Selection checked_pick(const Pool& pool, std::size_t batch) {
    Selection selection = pick(pool, batch);
    EXPECT_EQ(selection.indices.size(), batch);
    EXPECT_EQ(selection.scores.size(), batch);
    for (const double score : selection.scores) EXPECT_TRUE(std::isfinite(score)) << score;
    std::vector<Index> sorted = selection.indices;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end()) << "repeated";
    EXPECT_TRUE(
        std::includes(pool.unlabeled.begin(), pool.unlabeled.end(), sorted.begin(), sorted.end()))
        << "picked a row that is not unlabelled";
    return selection;
  }
};

TEST_P(Contract, PicksTheRightNumberOfDistinctUnlabelledRows) {
  const SyntheticPool data(300, 12, 4, 40);
  checked_pick(data.view(), 1);
  checked_pick(data.view(), 37);
}

TEST_P(Contract, PicksTheSameForAnyNumberOfThreads) {
  // Beyond every block size that the strategies cut their work by.
  const SyntheticPool data(3000, 12, 4, 300);
  const Selection one = pick(data.view(), 100, 1);
  for (const int threads : {2, 4}) {
    const Selection more = pick(data.view(), 100, threads);
    EXPECT_EQ(more.indices, one.indices) << threads << " threads";
    EXPECT_EQ(more.scores, one.scores) << threads << " threads";
  }
}

TEST_P(Contract, PicksTheSameForTheSameGenerator) {
  const SyntheticPool data(200, 6, 3, 20);
  EXPECT_EQ(pick(data.view(), 20).indices, pick(data.view(), 20).indices);
}

TEST_P(Contract, AnEmptyBatchIsEmpty) {
  const SyntheticPool data(50, 4, 3, 10);
  EXPECT_TRUE(pick(data.view(), 0).indices.empty());
  EXPECT_TRUE(pick(data.view(), 0).scores.empty());
}

TEST_P(Contract, TheWholePoolCanBePicked) {
  const SyntheticPool data(60, 4, 3, 10);
  checked_pick(data.view(), 50);
}

TEST_P(Contract, StartsWithoutLabels) {
  const SyntheticPool data(80, 4, 3, 0);
  checked_pick(data.view(), 20);
}

TEST_P(Contract, EverythingLabelledIsAnEmptyPick) {
  const SyntheticPool data(20, 4, 3, 20);
  checked_pick(data.view(), 0);
  expect_error([&] { pick(data.view(), 1); }, "[batch] got 1, expected at most the 0 unlabelled");
}

TEST_P(Contract, OneUnlabelledRow) {
  const SyntheticPool data(20, 4, 3, 19);
  EXPECT_EQ(checked_pick(data.view(), 1).indices, data.unlabeled);
}

TEST_P(Contract, OneClassIsNoDistribution) {
  const SyntheticPool data(60, 4, 1, 10);
  const StrategyNeeds& needs = GetParam().needs;
  if (!needs.probabilities && !needs.passes) {
    checked_pick(data.view(), 20);
  } else {
    expect_error([&] { pick(data.view(), 20); }, "got one column, expected one a class");
  }
}

TEST_P(Contract, OneDimension) {
  const SyntheticPool data(60, 1, 3, 10);
  checked_pick(data.view(), 20);
}

TEST_P(Contract, ConstantRows) {
  SyntheticPool data(60, 4, 3, 10);
  std::fill_n(data.embeddings.data(), data.embeddings.size(), 2.5f);
  std::fill_n(data.probabilities.data(), data.probabilities.size(), 1.0f / 3);
  checked_pick(data.view(), 20);
  checked_pick(data.view(), 50);
}

TEST_P(Contract, ZeroEmbeddingsAndCertainModel) {
  SyntheticPool data(60, 4, 3, 10);
  std::fill_n(data.embeddings.data(), data.embeddings.size(), 0.0f);
  for (std::size_t i = 0; i < 60; ++i) {
    for (std::size_t c = 0; c < 3; ++c) data.probabilities(i, c) = c == 1 ? 1.0f : 0.0f;
  }
  checked_pick(data.view(), 50);
}

TEST_P(Contract, Duplicates) {
  SyntheticPool data(120, 4, 3, 10);
  for (std::size_t i = 0; i < 120; ++i) {
    std::copy_n(data.embeddings.row(i % 7).data(), 4, data.embeddings.row(i).data());
    std::copy_n(data.probabilities.row(i % 7).data(), 3, data.probabilities.row(i).data());
  }
  checked_pick(data.view(), 30);
  checked_pick(data.view(), 110);
}

TEST_P(Contract, LargeAndSmallNumbers) {
  for (const float scale : {1e-15f, 1e15f}) {
    SyntheticPool data(60, 4, 3, 10);
    for (std::size_t i = 0; i < data.embeddings.size(); ++i) data.embeddings.data()[i] *= scale;
    checked_pick(data.view(), 20);
  }
}

/// Every finite input ends with distinct rows, or with a refusal that names a row.
TEST_P(Contract, AnyMagnitudeIsPickedFromOrRefusedByRow) {
  const float kMax = std::numeric_limits<float>::max();
  const float magnitudes[] = {1e17f,
                              1e18f,
                              1e19f,
                              1e30f,
                              kMax,
                              1e-12f,
                              1e-20f,
                              1e-30f,
                              std::numeric_limits<float>::min(),
                              std::numeric_limits<float>::denorm_min()};
  const auto try_pool = [&](const SyntheticPool& data, const std::string& what) {
    SCOPED_TRACE(what);
    try {
      checked_pick(data.view(), 20);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("row "));
      EXPECT_THAT(error.what(), testing::HasSubstr(" long"));
    }
  };
  for (const float magnitude : magnitudes) {
    SyntheticPool all(60, 40, 3, 10), one(60, 40, 3, 10), mixed(60, 40, 3, 10);
    for (std::size_t i = 0; i < all.embeddings.size(); ++i) {
      // In [-1, 1], so that nothing overflows here already.
      all.embeddings.data()[i] = std::tanh(all.embeddings.data()[i]) * magnitude;
    }
    one.embeddings(one.unlabeled[7], 3) = -magnitude;  // a NODATA value, say
    for (std::size_t i = 0; i < mixed.embeddings.size(); ++i) {
      mixed.embeddings.data()[i] =
          std::tanh(mixed.embeddings.data()[i]) * magnitudes[i / 40 % std::size(magnitudes)];
    }
    try_pool(all, "all rows of " + std::to_string(magnitude));
    try_pool(one, "one value of " + std::to_string(magnitude));
    try_pool(mixed, "all magnitudes");
  }
}

TEST_P(Contract, NamesTheRowWithAMarkForAMissingValue) {
  const StrategyNeeds& needs = GetParam().needs;
  if (!needs.embeddings && !needs.features) GTEST_SKIP();
  SyntheticPool data(60, 4, 3, 10);
  data.embeddings(31, 2) = -3.4e38f;
  expect_error([&] { pick(data.view(), 5); }, "row 31 is 3.4e+38 long (column 2 holds -3.4e+38)");
}

TEST_P(Contract, AnyFloat16IsPickedFrom) {
  for (const std::uint16_t bits : {0x0001, 0x03FF, 0x0400, 0x7BFF}) {  // denormals to the largest
    SyntheticPool data(60, 8, 3, 10);
    Matrix<Half> halves(60, 8);
    for (std::size_t i = 0; i < halves.size(); ++i) {
      halves.data()[i] = {static_cast<std::uint16_t>(i % 3 == 0   ? bits
                                                     : i % 3 == 1 ? 0x8000 | bits
                                                                  : 0)};
    }
    Pool pool = data.view();
    pool.embeddings = MatrixView<const Half>(halves.view());
    checked_pick(pool, 20);
  }
}

TEST_P(Contract, RefusesPassesOfOtherRows) {
  if (!GetParam().needs.passes) GTEST_SKIP();
  const SyntheticPool data(60, 4, 3, 10);
  std::vector<float> values(5 * 59 * 3, 1.0f / 3);
  const StoredPasses passes(values, 5, 59, 3);
  Pool pool = data.view();
  pool.passes = &passes;
  // Where nothing else says how many rows there are, a row's number is what does not fit.
  expect_error([&] { pick(pool, 5); }, GetParam().needs.embeddings || GetParam().needs.probabilities
                                           ? "got 59 rows, expected 60"
                                           : "got row 59");
}

TEST_P(Contract, RefusesPassesThatAreNoProbabilities) {
  if (!GetParam().needs.passes) GTEST_SKIP();
  const SyntheticPool data(60, 4, 3, 10);
  std::vector<float> values(5 * 60 * 3, 1.0f / 3);
  values[(2 * 60 + 17) * 3] = 0.9f;
  const StoredPasses passes(values, 5, 60, 3);
  Pool pool = data.view();
  pool.passes = &passes;
  expect_error([&] { pick(pool, 5); }, "pass 2, row 17 holds values that sum to 1.56");
}

TEST_P(Contract, StopsWhenTheTeamIsAskedTo) {
  const SyntheticPool data(300, 12, 4, 40);
  Generator generator(11);
  Workers workers(2, [] { return true; });
  EXPECT_THROW(select(GetParam().name, data.view(), 20, generator, workers), Cancelled);
}

TEST_P(Contract, NamesTheRowThatHoldsANaN) {
  SyntheticPool data(60, 4, 3, 10);
  const Index row = data.unlabeled[13];
  const StrategyNeeds& needs = GetParam().needs;
  if (needs.embeddings || needs.features) data.embeddings(row, 2) = std::nanf("");
  if (needs.probabilities) data.probabilities(row, 2) = std::nanf("");
  if (!needs.embeddings && !needs.features && !needs.probabilities) GTEST_SKIP();
  expect_error([&] { pick(data.view(), 5); }, "row " + std::to_string(row));
}

TEST_P(Contract, ReadsFloat16Embeddings) {
  SyntheticPool data(200, 8, 3, 30);
  Matrix<Half> halves(200, 8);
  for (std::size_t i = 0; i < halves.size(); ++i) {
    halves.data()[i] = to_half(data.embeddings.data()[i]);
    data.embeddings.data()[i] = to_float(halves.data()[i]);
  }
  Pool pool = data.view();
  const Selection from_float = checked_pick(pool, 40);
  pool.embeddings = MatrixView<const Half>(halves.view());
  const Selection from_half = checked_pick(pool, 40);
  EXPECT_EQ(from_half.indices, from_float.indices);
  EXPECT_EQ(from_half.scores, from_float.scores);
}

INSTANTIATE_TEST_SUITE_P(Strategies, Contract,
                         testing::ValuesIn(strategies().begin(), strategies().end()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Table, UnknownNamesListTheKnownOnes) {
  expect_error([] { find_strategy("psychic"); }, "got 'psychic', expected one of: random");
}

TEST(Table, NamesAreUniqueAndEveryRowIsComplete) {
  for (const StrategyInfo& info : strategies()) {
    EXPECT_EQ(&find_strategy(info.name), &info) << info.name;
    EXPECT_FALSE(info.summary.empty()) << info.name;
    EXPECT_NE(info.select, nullptr) << info.name;
  }
}

// A strategy was drawn in another's colours once rows were added above it: looks stand in the rows.
TEST(StrategyTable, RowsAreWholeAndNoTwoLookAlike) {
  std::set<std::tuple<std::string_view, std::string_view, int>> looks;
  for (const StrategyInfo& info : strategies()) {
    EXPECT_FALSE(info.label.empty() || info.summary.empty() || info.score.empty()) << info.name;
    const StrategyLook& look = info.look;
    EXPECT_TRUE(look.color.empty() || looks.emplace(look.color, look.dash, look.marker).second)
        << info.name;
    for (const OptionInfo& option : info.options) {
      EXPECT_FALSE(option.help.empty()) << info.name << " " << option.name;
      EXPECT_TRUE(accepts(option, option.standard)) << info.name << " " << option.name;
    }
  }
}

}  // namespace
}  // namespace goldpan
