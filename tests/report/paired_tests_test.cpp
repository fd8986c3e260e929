#include "report/paired_tests.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

#include "report/distributions.hpp"

// Expected numbers are SciPy 1.17's: scipy.stats.t, nct, ttest_1samp, wilcoxon.
namespace goldpan::report {
namespace {

TEST(Distributions, StudentT) {
  EXPECT_NEAR(student_t_cdf(-2.5, 2), 0.064805860111, 1e-11);
  EXPECT_NEAR(student_t_cdf(0.7, 4), 0.738749917203, 1e-11);
  EXPECT_NEAR(student_t_cdf(3.1, 1), 0.900673907801, 1e-11);
  EXPECT_NEAR(student_t_cdf(-1, 30), 0.162654307713, 1e-11);
  EXPECT_NEAR(student_t_cdf(-12, 9), 0.000000384994, 1e-12);
  EXPECT_EQ(student_t_cdf(-std::numeric_limits<double>::infinity(), 2), 0);
  EXPECT_EQ(student_t_cdf(std::numeric_limits<double>::infinity(), 2), 1);
  EXPECT_NEAR(student_t_quantile(0.975, 2), 4.302652729749, 1e-10);
  EXPECT_NEAR(student_t_quantile(0.975, 4), 2.776445105198, 1e-10);
  EXPECT_NEAR(student_t_quantile(0.9, 1), 3.077683537175, 1e-10);
  EXPECT_NEAR(student_t_quantile(0.995, 9), 3.249835541592, 1e-10);
  EXPECT_NEAR(student_t_quantile(0.025, 29), -2.045229642133, 1e-10);
  EXPECT_EQ(student_t_quantile(0.5, 3), 0);
}

TEST(Distributions, PowerOfThePairedTest) {
  EXPECT_NEAR(paired_t_power(1, 3, 0.05), 0.1792553938, 1e-8);
  EXPECT_NEAR(paired_t_power(0.5, 20, 0.05), 0.5645044184, 1e-8);
  EXPECT_NEAR(paired_t_power(-2.5, 2, 0.05), 0.2185293915, 1e-8);
  EXPECT_NEAR(paired_t_power(0.3, 90, 0.05), 0.8037942969, 1e-8);
  EXPECT_NEAR(paired_t_power(1.2, 8, 0.01), 0.5110468370, 1e-8);
  EXPECT_NEAR(paired_t_power(0, 12, 0.05), 0.05, 1e-8);
}

TEST(PairedTest, AgreesWithSciPy) {
  struct Case {
    std::vector<double> differences;
    double mean, std, low, high, t, wilcoxon;
  };
  const std::vector<Case> cases = {
      {{0.4, 0.7, 0.2},
       0.433333333333,
       0.251661147842,
       -0.191827614604,
       1.058494281271,
       0.096437539086,
       0.25},
      {{0.52, 0.31, 0.88, -0.10, 0.47},
       0.416,
       0.355851092453,
       -0.025847490220,
       0.857847490220,
       0.059169180405,
       0.125},
      {{1.2, -0.3, 0.8, 2.1, 0.5, 1.7, -0.2, 0.9},
       0.8375,
       0.841660773200,
       0.133853984690,
       1.541146015310,
       0.025979596324,
       0.0390625},
      {{-1.82, -1.6, -2.0},
       -1.806666666667,
       0.200333056018,
       -2.304321566030,
       -1.309011767303,
       0.004073502063,
       0.25},
  };
  for (const Case& expected : cases) {
    const PairedTest test = paired_test(expected.differences);
    EXPECT_EQ(test.n, expected.differences.size());
    EXPECT_NEAR(test.mean, expected.mean, 1e-10);
    EXPECT_NEAR(test.std, expected.std, 1e-10);
    EXPECT_NEAR(test.ci_low, expected.low, 1e-9);
    EXPECT_NEAR(test.ci_high, expected.high, 1e-9);
    EXPECT_NEAR(test.p_value, expected.t, 1e-10);
    EXPECT_NEAR(test.p_wilcoxon, expected.wilcoxon, 1e-12);
  }
}

TEST(PairedTest, OneDifferenceSaysNothing) {
  const PairedTest test = paired_test(std::vector<double>{0.7});
  EXPECT_EQ(test.mean, 0.7);
  EXPECT_TRUE(std::isnan(test.std));
  EXPECT_TRUE(std::isnan(test.p_value));
  EXPECT_EQ(verdict(test.mean, test.p_value, test.n), "not shown with 1 seed");
  EXPECT_EQ(paired_test({}).n, 0U);
}

// Small test sets make gains fall on a coarse grid, where equal gains happen by chance: a t
// statistic would be infinite and the verdict "better" with three seeds.
TEST(PairedTest, EqualDifferencesAreNoProofInThemselves) {
  EXPECT_EQ(paired_test(std::vector<double>{0.1, 0.1, 0.1}).std, 0);
  EXPECT_EQ(paired_test(std::vector<double>{0.1, 0.1, 0.1}).p_value, 0.25);
  EXPECT_EQ(paired_test(std::vector<double>(6, 0.1)).p_value, 0.03125);
  EXPECT_EQ(paired_test(std::vector<double>{0, 0, 0}).p_value, 1);
}

TEST(Wilcoxon, TiesShareRanksAndZerosAreDropped) {
  EXPECT_DOUBLE_EQ(wilcoxon_signed_rank(std::vector<double>{1, 1, -1, 2, 2, 3}), 0.125);
  EXPECT_DOUBLE_EQ(wilcoxon_signed_rank(std::vector<double>{0, 0.5, 0.5, -0.25, 1}), 0.25);
  EXPECT_DOUBLE_EQ(wilcoxon_signed_rank(std::vector<double>{0, 0}), 1);
}

TEST(Holm, StepsDown) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  // By hand: sorted 0.01 x 4, 0.02 x 3, 0.03 x 2 (raised to 0.06), 0.5 x 1; NaN is no member.
  const std::vector<double> adjusted = holm(std::vector<double>{0.03, nan, 0.01, 0.5, 0.02});
  EXPECT_DOUBLE_EQ(adjusted[0], 0.06);
  EXPECT_TRUE(std::isnan(adjusted[1]));
  EXPECT_DOUBLE_EQ(adjusted[2], 0.04);
  EXPECT_DOUBLE_EQ(adjusted[3], 0.5);
  EXPECT_DOUBLE_EQ(adjusted[4], 0.06);
  EXPECT_EQ(holm(std::vector<double>{0.9, 0.8})[0], 1);
  EXPECT_TRUE(holm({}).empty());
}

TEST(SeedsNeeded, AgreesWithNoncentralT) {
  EXPECT_EQ(seeds_needed(1, 1, 0.05), 10U);
  EXPECT_EQ(seeds_needed(-0.5, 1, 0.05), 34U);
  EXPECT_EQ(seeds_needed(0.04, 0.2252, 0.01), 374U);
  EXPECT_EQ(seeds_needed(3, 0.2, 0.05), 2U);
  EXPECT_EQ(seeds_needed(0.49, 0.1825, 0.01), 5U);
  EXPECT_EQ(seeds_needed(0.001, 1, 0.05), 0U) << "more than 10,000";
  EXPECT_EQ(seeds_needed(0, 1, 0.05), 0U);
  EXPECT_EQ(seeds_needed(1, 0, 0.05), 0U);
}

// Random against itself, five strategies at a time: at most one family in twenty may hold a verdict
// other than "not shown".
TEST(Verdict, ErrsAtTheNominalRate) {
  Generator noise(1);
  constexpr int kFamilies = 1000;
  for (const std::size_t seeds : {3U, 5U}) {
    int wrong = 0;
    for (int family = 0; family < kFamilies; ++family) {
      std::vector<double> p_values;
      std::vector<double> baseline(seeds);
      for (double& value : baseline) value = noise.normal();
      for (int strategy = 0; strategy < 5; ++strategy) {
        std::vector<double> differences(seeds);
        for (std::size_t s = 0; s < seeds; ++s) differences[s] = noise.normal() - baseline[s];
        p_values.push_back(paired_test(differences).p_value);
      }
      bool any = false;
      for (const double p : holm(p_values)) any = any || p < kAlpha;
      wrong += any ? 1 : 0;
    }
    const double rate = static_cast<double>(wrong) / kFamilies;
    EXPECT_LT(rate, 0.05 + 3 * std::sqrt(0.05 * 0.95 / kFamilies)) << seeds << " seeds";
    EXPECT_GT(rate, 0.02) << seeds << " seeds: the correction should not be wasteful either";
  }
}

}  // namespace
}  // namespace goldpan::report
