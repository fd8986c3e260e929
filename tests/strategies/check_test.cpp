#include "strategies/check.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "expect_error.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

constexpr StrategyInfo kNeedsAll = {
    .name = "hungry",
    .summary = "",
    .paper = "",
    .needs = {.embeddings = true, .features = true, .probabilities = true, .passes = true},
    .select = nullptr};

class Check : public testing::Test {
 protected:
  void expect_refused(const Pool& pool, const std::string& text, std::size_t batch = 1) {
    expect_error([&] { check_pool(kNeedsAll, pool, batch, workers_); }, text);
  }

  SyntheticPool data_{20, 3, 4, 5};
  Workers workers_{2};
};

TEST_F(Check, AcceptsASoundPool) { check_pool(kNeedsAll, data_.view(), 15, workers_); }

TEST_F(Check, NamesWhatIsMissing) {
  Pool pool = data_.view();
  pool.embeddings = {};
  expect_refused(pool, "[embeddings] got none, expected them for strategy 'hungry'");
  pool = data_.view();
  pool.probabilities = {};
  expect_refused(pool, "[probabilities] got none");
  pool = data_.view();
  pool.passes = nullptr;
  expect_refused(pool, "[stochastic passes] got none");
}

TEST_F(Check, NamesShapesThatDisagree) {
  const SyntheticPool other(19, 3, 4, 5);
  Pool pool = data_.view();
  pool.probabilities = other.probabilities.view();
  expect_refused(pool, "[probabilities] got 19 rows, expected 20");
  pool = data_.view();
  pool.features = other.embeddings;
  expect_refused(pool, "[features] got 19 rows, expected 20");
}

TEST_F(Check, NamesBadIndices) {
  data_.labeled.back() = 20;
  expect_refused(data_.view(), "[labeled] got row 20 at position 4, expected rows below 20");
  data_.labeled = {3, 3};
  expect_refused(data_.view(), "[labeled] got row 3 after row 3");
  data_.labeled = {data_.unlabeled[4]};
  expect_refused(data_.view(), "which is labelled too");
}

TEST_F(Check, NamesABatchThatIsTooLarge) {
  expect_refused(data_.view(), "[batch] got 16, expected at most the 15 unlabelled rows", 16);
}

TEST_F(Check, NamesTheRowThatIsNotFinite) {
  data_.embeddings(17, 1) = std::numeric_limits<float>::infinity();
  expect_refused(data_.view(), "[embeddings] row 17 holds a NaN or an infinity");

  Matrix<Half> halves(20, 3);
  halves(4, 2) = to_half(std::nanf(""));
  Pool pool = data_.view();
  pool.embeddings = MatrixView<const Half>(halves.view());
  expect_refused(pool, "[embeddings] row 4 holds a NaN or an infinity");
}

TEST_F(Check, NamesTheRowThatIsNoDistribution) {
  const Index row = data_.unlabeled[6];
  const std::string named = "[probabilities] row " + std::to_string(row);
  for (const float bad : {std::nanf(""), -0.5f, 7.0f}) {
    SyntheticPool changed = data_;
    changed.probabilities(row, 0) = bad;
    expect_refused(changed.view(), named + " holds a NaN, a negative value or one above 1");
  }
  for (float& p : data_.probabilities.row(row)) p = 0.125f;
  expect_refused(data_.view(), named + " holds values that sum to 0.5");
}

TEST_F(Check, ReadsProbabilitiesOfUnlabelledRowsAlone) {
  data_.probabilities(data_.labeled[0], 0) = std::nanf("");
  check_pool(kNeedsAll, data_.view(), 1, workers_);
  // BAIT's Fisher information begins with the labelled rows.
  EXPECT_THROW(check_pool(find_strategy("bait"), data_.view(), 1, workers_), Error);
}

}  // namespace
}  // namespace goldpan
