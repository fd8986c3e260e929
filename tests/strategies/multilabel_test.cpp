#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/strategies/multilabel.hpp>

#include "expect_error.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

double term(double p) { return p > 0 ? -p * std::log(p) : 0; }
double h(double p) { return term(p) + term(1 - p); }

const std::vector<Index> kRows = {0, 1};

Matrix<float> outputs() {
  Matrix<float> values(2, 4);
  const float given[2][4] = {{0.5f, 0.25f, 0.25f, 1.0f}, {0.0f, 0.0f, 0.0f, 0.75f}};
  for (std::size_t i = 0; i < 2; ++i) std::copy_n(given[i], 4, values.row(i).data());
  return values;
}

TEST(Multilabel, ByHand) {
  Workers workers(2);
  const auto scores = [&](LabelScore score, LabelAggregate aggregate) {
    return multilabel_scores(outputs(), kRows, score, {.aggregate = aggregate, .groups = {}},
                             workers);
  };
  EXPECT_NEAR(scores(LabelScore::kEntropy, LabelAggregate::kSum)[0], h(0.5) + 2 * h(0.25), 1e-12);
  EXPECT_NEAR(scores(LabelScore::kEntropy, LabelAggregate::kMax)[0], h(0.5), 1e-12);
  EXPECT_NEAR(scores(LabelScore::kMargin, LabelAggregate::kSum)[0], 1 + 0.5 + 0.5, 1e-12);
  EXPECT_NEAR(scores(LabelScore::kEntropy, LabelAggregate::kSum)[1], h(0.75), 1e-12);
}

TEST(Multilabel, GroupsOfExclusiveLabels) {
  Workers workers(1);
  const auto groups = parse_label_groups("weather:0-2", 4);
  const auto scores = [&](LabelScore score) {
    return multilabel_scores(outputs(), kRows, score,
                             {.aggregate = LabelAggregate::kSum, .groups = groups}, workers);
  };
  EXPECT_NEAR(scores(LabelScore::kEntropy)[0], term(0.5) + 2 * term(0.25), 1e-12);
  EXPECT_NEAR(scores(LabelScore::kMargin)[0], 0.75, 1e-12);
  EXPECT_NEAR(scores(LabelScore::kEntropy)[1], std::log(3.0) + h(0.75),
              1e-12);  // no label of the group: all alike
  expect_error([] { parse_label_groups("weather:0-4", 4); }, "got 'weather:0-4'");
  expect_error([] { parse_label_groups("weather", 4); }, "got 'weather'");
  expect_error([] { parse_label_groups("a:0-1,b:1-2", 4); }, "label 1 is in two groups");
  expect_error([] { parse_label_groups("a:2-1", 4); }, "got 'a:2-1'");
}

TEST(Multilabel, BaldIsTheMutualInformationOfEachLabel) {
  Workers workers(2);
  // Row 0, label 0: the passes disagree fully; label 1: they agree. Row 1: half-way.
  const OwnedPasses passes({1, 0.5f, 0, 0.5f, 0.25f, 0, 0.75f, 0}, 2, 2);
  const auto sum = multilabel_bald(passes, kRows, {}, workers);
  EXPECT_NEAR(sum[0], std::log(2.0), 1e-12);
  EXPECT_NEAR(sum[1], h(0.5) - h(0.25), 1e-12);
  const auto group = multilabel_bald(
      passes, kRows, {.aggregate = LabelAggregate::kSum, .groups = parse_label_groups("g:0-1", 2)},
      workers);
  // Row 0: (2/3, 1/3) and (0, 1); their mean is (1/3, 2/3).
  EXPECT_NEAR(group[0], h(1.0 / 3) - h(1.0 / 3) / 2, 1e-6);
  EXPECT_NEAR(group[1], 0, 1e-12);
}

TEST(Multilabel, RefusesWhatIsNoProbability) {
  Workers workers(1);
  for (const float bad : {1.5f, -0.1f, std::numeric_limits<float>::quiet_NaN()}) {
    Matrix<float> values = outputs();
    values(1, 2) = bad;
    expect_error([&] { multilabel_scores(values, kRows, LabelScore::kEntropy, {}, workers); },
                 "at row 1, label 2");
  }
}

}  // namespace
}  // namespace goldpan
