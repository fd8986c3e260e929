#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/tasks/metric.hpp>

namespace goldpan {
namespace {

TEST(Metrics, AreKnownByNameSliceAndClass) {
  Metrics metrics;
  metrics.set("recall", 0.5, 2);
  metrics.set("recall", 0.25, 0);
  metrics.set("recall", 0.75, 0, "night");
  metrics.set("accuracy", 0.9);
  metrics.set("accuracy", 0.8);
  EXPECT_EQ(metrics.value("accuracy"), 0.8) << "set again, it is replaced";
  EXPECT_EQ(metrics.value("recall", 0), 0.25);
  EXPECT_EQ(metrics.value("recall", 0, "night"), 0.75);
  EXPECT_TRUE(std::isnan(metrics.value("recall")));
  EXPECT_THAT(metrics.by_class("recall"),
              testing::ElementsAre(0.25, testing::NanSensitiveDoubleEq(std::nan("")), 0.5));
  EXPECT_EQ(metrics.rows().size(), 4u);
}

}  // namespace
}  // namespace goldpan
