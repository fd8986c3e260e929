#include "report/monotone_curve.hpp"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Expected numbers: scikit-learn's isotonic_regression, then SciPy's PchipInterpolator over
// ln(labels).
namespace goldpan::report {
namespace {

const std::vector<double> kLabels = {2000, 4000, 10000, 20000, 30000, 40000};
const std::vector<double> kEntropy = {57.0, 59.8, 60.9, 63.6, 65.0, 64.6};

TEST(AscendingFit, PoolsWhatFalls) {
  EXPECT_THAT(ascending_fit(kEntropy),
              testing::Pointwise(testing::DoubleNear(1e-12), {57.0, 59.8, 60.9, 63.6, 64.8, 64.8}));
  EXPECT_THAT(ascending_fit(std::vector<double>{3, 2, 1}), testing::ElementsAre(2, 2, 2));
  EXPECT_TRUE(ascending_fit({}).empty());
}

TEST(MonotoneCurve, AgreesWithSciPy) {
  const MonotoneCurve curve(kLabels, kEntropy);
  EXPECT_NEAR(curve.accuracy(2500), 58.1311384896, 1e-8);
  EXPECT_NEAR(curve.accuracy(7000), 60.4404191973, 1e-8);
  EXPECT_NEAR(curve.accuracy(15000), 62.3949775701, 1e-8);
  EXPECT_NEAR(curve.accuracy(24000), 64.2932446784, 1e-8);
  EXPECT_NEAR(curve.accuracy(35000), 64.8, 1e-8);
  EXPECT_NEAR(curve.labels_for(0.95 * 64.6), 11804.018050, 1e-3);
  EXPECT_NEAR(curve.labels_for(0.99 * 64.6), 22004.923006, 1e-3);
  EXPECT_NEAR(curve.labels_for(64.6), 26312.864857, 1e-3);
  const MonotoneCurve steep(std::vector<double>{2000, 4000, 10000}, std::vector<double>{1, 5, 5.5});
  EXPECT_NEAR(steep.accuracy(2500), 2.7491870832, 1e-8);
  EXPECT_NEAR(steep.accuracy(7000), 5.4196046025, 1e-8);
}

TEST(MonotoneCurve, EndsAndShortCurves) {
  const MonotoneCurve curve(kLabels, kEntropy);
  EXPECT_EQ(curve.accuracy(10), 57.0);
  EXPECT_DOUBLE_EQ(curve.accuracy(1e6), 64.8);
  EXPECT_NEAR(curve.labels_for(50), 2000, 1e-6);
  EXPECT_TRUE(std::isnan(curve.labels_for(64.9)));
  EXPECT_NEAR(curve.labels_for(59.8), 4000, 1e-6);
  const MonotoneCurve point(std::vector<double>{100}, std::vector<double>{0.5});
  EXPECT_EQ(point.accuracy(7), 0.5);
  EXPECT_TRUE(std::isnan(point.labels_for(0.6)));
  const MonotoneCurve pair(std::vector<double>{100, 10000}, std::vector<double>{0, 1});
  EXPECT_NEAR(pair.accuracy(1000), 0.5, 1e-12);
  EXPECT_NEAR(pair.labels_for(0.5), 1000, 1e-6);
}

TEST(MonotoneCurve, NeverFalls) {
  const MonotoneCurve curve(kLabels, kEntropy);
  double before = 0;
  for (double labels = 2000; labels <= 40000; labels += 10) {
    EXPECT_GE(curve.accuracy(labels), before - 1e-12);
    before = curve.accuracy(labels);
  }
}

}  // namespace
}  // namespace goldpan::report
