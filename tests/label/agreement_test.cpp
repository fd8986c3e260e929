#include "label/agreement.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace goldpan::label {
namespace {

TEST(Agreement, CohenByHand) {
  // The textbook table: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: kappa 0.4.
  std::vector<std::pair<std::int32_t, std::int32_t>> pairs;
  for (const auto& [a, b, count] :
       {std::tuple(0, 0, 20), std::tuple(0, 1, 5), std::tuple(1, 0, 10), std::tuple(1, 1, 15)}) {
    for (int i = 0; i < count; ++i) pairs.emplace_back(a, b);
  }
  EXPECT_NEAR(cohen_kappa(pairs), 0.4, 1e-12);
  EXPECT_TRUE(std::isnan(cohen_kappa({})));
  const std::pair<std::int32_t, std::int32_t> same[] = {{1, 1}, {1, 1}};
  EXPECT_EQ(cohen_kappa(same), 1);
}

// Krippendorff (2011), "Computing Krippendorff's alpha-reliability", C: four observers, twelve
// units, five categories, missing values: nominal alpha 0.743.
TEST(Agreement, KrippendorffsOwnExample) {
  const int missing = 0;
  const int table[4][12] = {{1, 2, 3, 3, 2, 1, 4, 1, 2, missing, missing, missing},
                            {1, 2, 3, 3, 2, 2, 4, 1, 2, 5, missing, 3},
                            {missing, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, missing},
                            {1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, missing}};
  std::vector<Votes> items(12);
  for (int unit = 0; unit < 12; ++unit) {
    for (int observer = 0; observer < 4; ++observer) {
      if (table[observer][unit] != missing) {
        items[static_cast<std::size_t>(unit)][std::to_string(observer)] = table[observer][unit];
      }
    }
  }
  EXPECT_NEAR(krippendorff_alpha(items), 0.743, 0.0005);
}

TEST(Agreement, KrippendorffAtTheEnds) {
  EXPECT_TRUE(std::isnan(krippendorff_alpha({})));
  const Votes alone[] = {{{"a", 1}}};
  EXPECT_TRUE(std::isnan(krippendorff_alpha(alone)));
  const Votes same[] = {{{"a", 1}, {"b", 1}}, {{"a", 2}, {"b", 2}}};
  EXPECT_EQ(krippendorff_alpha(same), 1);
  const Votes never[] = {{{"a", 1}, {"b", 2}}, {{"a", 2}, {"b", 1}}};
  EXPECT_LT(krippendorff_alpha(never), 0);
}

}  // namespace
}  // namespace goldpan::label
