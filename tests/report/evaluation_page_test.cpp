#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/report/evaluation_page.hpp>

namespace goldpan {
namespace {

using testing::HasSubstr;
using testing::Not;

MeasuredMetric row(const char* slice, const char* cls, double value, double high,
                   std::size_t images) {
  return {.name = "AP",
          .slice = slice,
          .class_name = cls,
          .value = value,
          .low = value - 0.05,
          .high = high,
          .images = images};
}

TEST(EvaluationPage, NamesTheWorstSliceAndEscapesWhatItIsGiven) {
  const std::vector<MeasuredMetric> metrics = {
      row("all", "all", 0.5, 0.55, 200), row("a<b", "all", 0.3, 0.9, 40),
      row("night", "all", 0.35, 0.4, 80), row("all", "car & van", 0.6, 0.7, 50),
      row("all", "rare", kNoTruth, 0.0, 0)};
  EvaluationPage page;
  page.title = "Judged";
  page.shown = {"AP"};
  page.facts = {{"truth", "t.json"}};
  page.notes = {"a <note>"};
  const std::string html = evaluation_page(metrics, page);
  EXPECT_THAT(html, HasSubstr("The worst slice is night: its AP is 40.0 at most (80 images)"));
  EXPECT_THAT(html, HasSubstr(R"("name":"a\u003cb")"));
  EXPECT_THAT(html, HasSubstr(R"("name":"car & van")"));
  EXPECT_THAT(html, HasSubstr(R"("notes":["a \u003cnote>"])"));
  EXPECT_THAT(html, HasSubstr(R"("high":0.9,"images":40,"low":0.25,"value":0.3)"));
  // COCO's -1 is "nothing to find", not a number.
  EXPECT_THAT(html, HasSubstr(R"("name":"rare","values":{"AP":{"high":0.0,"images":0)"));
  EXPECT_THAT(html, Not(HasSubstr("\"value\":-1")));
  EXPECT_THAT(html, Not(HasSubstr("{{"))) << "a part of the template is not filled in";
  page.least_images = 100;
  EXPECT_THAT(evaluation_page(metrics, page), HasSubstr("No slice has 100 images"));
}

}  // namespace
}  // namespace goldpan
