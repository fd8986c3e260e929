#include <string>

#include <gtest/gtest.h>

#include <goldpan/core/options.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

constexpr OptionInfo kRows[] = {
    {.name = "radius", .standard = "1", .help = "", .above_least = true},
    {.name = "share", .standard = "0.25", .help = "", .most = 1},
    {.name = "count", .type = OptionType::kCount, .standard = "500", .help = "", .least = 1},
    {.name = "fast", .type = OptionType::kFlag, .standard = "false", .help = ""},
    {.name = "metric",
     .type = OptionType::kChoice,
     .standard = "euclidean",
     .help = "",
     .choices = "euclidean,cosine"}};

TEST(OptionValues, AreCompletedByTheDefaults) {
  const OptionValues values = OptionValues().set("radius", 0.7).resolve(kRows, "herd");
  EXPECT_EQ(values.real("radius"), 0.7);
  EXPECT_EQ(values.real("share"), 0.25);
  EXPECT_EQ(values.count("count"), 500u);
  EXPECT_FALSE(values.flag("fast"));
  EXPECT_EQ(values.text("metric"), "euclidean");
}

TEST(OptionValues, KeepEveryDigitOfANumber) {
  EXPECT_EQ(OptionValues().set("radius", 0.1 + 0.2).resolve(kRows, "herd").real("radius"),
            0.1 + 0.2);
}

TEST(OptionValues, AreTypedAsPairs) {
  OptionValues values;
  values.set_pair("metric=cosine").set_pair("fast=true");
  values = values.resolve(kRows, "herd");
  EXPECT_EQ(values.text("metric"), "cosine");
  EXPECT_TRUE(values.flag("fast"));
  for (const char* const pair : {"radius", "=3", ""}) {
    expect_error([&] { OptionValues().set_pair(pair); }, "expected name=value");
  }
}

TEST(OptionValues, OutOfRangeAreRefusedByName) {
  const auto refused = [](const char* name, const char* value, const std::string& message) {
    expect_error([&] { OptionValues().set(name, value).resolve(kRows, "herd"); }, message);
  };
  refused("radius", "0", "[radius] got 0 for herd, expected a number above 0");
  refused("radius", "nan", "got nan for herd");
  refused("radius", "inf", "got inf for herd");
  refused("radius", "1x", "got 1x for herd");
  refused("share", "1.5", "[share] got 1.5 for herd, expected a number from 0 to 1");
  refused("share", "-0.5", "got -0.5");
  refused("count", "0", "[count] got 0 for herd, expected a whole number of 1 or more");
  refused("count", "2.5", "got 2.5");
  refused("count", "-3", "got -3");
  refused("fast", "yes", "[fast] got yes for herd, expected true or false");
  refused("metric", "cos", "[metric] got cos for herd, expected one of euclidean, cosine");
  refused("width", "3",
          "is no option of herd, expected one of: radius, share, count, fast, metric");
  expect_error([] { OptionValues().set("a", 1).resolve({}, "random"); }, "it has no options");
}

}  // namespace
}  // namespace goldpan
