#include "report/slice_gains.hpp"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/mined_records.hpp"

namespace goldpan::report {
namespace {

using testing::HasSubstr;

std::size_t number_of(const SliceStudy& study, const std::string& name) {
  const auto& names = study.whole().strategies();
  return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
}

TEST(SliceStudy, OnlyOfRunsThatMined) {
  const Records plain = sample_records(), mined = mined_records();
  EXPECT_FALSE(SliceStudy::mined(Analysis(plain)));
  EXPECT_TRUE(SliceStudy::mined(Analysis(mined)));
}

TEST(SliceStudy, GainsOnTheSliceAndOnTheWhole) {
  const Records records = mined_records();
  const Analysis analysis(records);
  const SliceStudy study(analysis);
  EXPECT_EQ(study.slice(), "wet=night");
  EXPECT_EQ(study.test_items(), 400u);
  const std::size_t random = number_of(study, "random"),
                    distance = number_of(study, "mine_distance");
  const std::size_t badge = number_of(study, "mine_badge"),
                    herding = number_of(study, "mine_herding");
  ASSERT_EQ(study.distance(), distance);
  const auto* slice = study.overall(true, distance, random);
  ASSERT_NE(slice, nullptr);
  EXPECT_NEAR(slice->test.mean, 6, 0.3);
  EXPECT_EQ(slice->verdict, "better");
  EXPECT_EQ(slice->budgets.size(), 4u) << "without the shared first batch and the whole pool";
  EXPECT_EQ(study.overall(false, distance, random)->verdict, "worse");
  EXPECT_TRUE(study.overall(true, herding, random)->verdict.starts_with("not shown"));
  // BADGE in the place of distance: 2 points less on the slice, half a point more on the whole.
  EXPECT_NEAR(study.overall(true, badge, distance)->test.mean, -2, 0.3);
  EXPECT_EQ(study.overall(true, badge, distance)->verdict, "worse");
  EXPECT_EQ(study.overall(false, badge, distance)->verdict, "better");
  EXPECT_EQ(study.overall(true, random, distance), nullptr) << "that is the first question again";
}

TEST(SliceStudy, TheErrorOfTestItemsIsThatOfTheSlice) {
  // Two thousand test items, of which every tenth is in the slice: of few items little is shown.
  Records records = mined_records();
  Generator noise(5);
  std::string places;
  for (int i = 0; i < 200; ++i) places += (i == 0 ? "" : " ") + std::to_string(10 * i);
  records.test_size = 2000;
  for (auto& [name, value] : records.facts) {
    if (name == "mined_slice_places") value = places;
  }
  for (RoundRecord& round : records.rounds) {
    round.hits.clear();
    const double slice = round.metrics.value("accuracy", kAllClasses, "wet=night");
    std::size_t all = 0, inside = 0;
    for (int i = 0; i < 2000; ++i) {
      const double share = i % 10 == 0 ? slice : round.value("accuracy");
      round.hits.push_back(noise.uniform() < share);
      all += round.hits.back() ? 1 : 0;
      inside += round.hits.back() && i % 10 == 0 ? 1 : 0;
    }
    round.metrics.set("accuracy", static_cast<double>(all) / 2000);
    round.metrics.set("accuracy", static_cast<double>(inside) / 200, kAllClasses, "wet=night");
  }
  const Analysis analysis(records);
  const SliceStudy study(analysis);
  const auto* slice =
      study.overall(true, number_of(study, "mine_distance"), number_of(study, "random"));
  const auto* whole =
      study.overall(false, number_of(study, "mine_distance"), number_of(study, "random"));
  ASSERT_TRUE(std::isfinite(slice->test.std_error_items)) << "single items are in the test";
  EXPECT_GT(slice->test.std_error, 2 * whole->test.std_error);
}

TEST(SliceGains, TableFigureAndText) {
  const Records records = mined_records();
  const Analysis analysis(records);
  const SliceStudy study(analysis);
  const std::string table = slice_gains_table(study);
  EXPECT_THAT(table, HasSubstr("wet=night,slice,mine_distance,random,0.1,4000,800.0,"));
  EXPECT_THAT(table, HasSubstr("wet=night,whole,mine_badge,mine_distance,mean,,"));
  EXPECT_EQ(table, slice_gains_table(SliceStudy(analysis)));
  const FigureScript figure = slice_gains_script(study);
  EXPECT_EQ(figure.name, "slice_gains");
  for (const char* block : {"$slice_curve0", "$whole_curve0", "$slice_gain", "$whole_gain"}) {
    EXPECT_THAT(figure.data, HasSubstr(block));
  }
  EXPECT_THAT(figure.body, HasSubstr("(a) On the slice wet=night (400 test items)"));
  const ReflectionSection section = reflect_on_slice(study);
  EXPECT_EQ(section.title,
            "If distance mining of the slice were replaced by BADGE, what would change?");
  std::string text;
  for (const std::string& sentence : section.sentences) text += sentence + "\n";
  EXPECT_THAT(text, HasSubstr("400 test items and 1600 of the pool's 40,000 (4.0 %)"));
  EXPECT_THAT(text,
              HasSubstr("in the embedding of lite0 were replaced by BADGE on what the slice's "
                        "classifier lets through, the slice loses: "));
  EXPECT_THAT(text, HasSubstr("The whole gains: "));
  EXPECT_THAT(text, HasSubstr("replaced by BADGE on the whole pool"));
}

}  // namespace
}  // namespace goldpan::report
