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
  EXPECT_THAT(html,
              HasSubstr("The worst slice is <b>night</b>: its AP is 40.0 at most (80 images)"));
  EXPECT_THAT(html, HasSubstr("a&lt;b"));
  EXPECT_THAT(html, HasSubstr("car &amp; van"));
  EXPECT_THAT(html, HasSubstr("a &lt;note&gt;"));
  EXPECT_THAT(html, HasSubstr("30.0<small>25.0 to 90.0</small>"));
  EXPECT_THAT(html, Not(HasSubstr("-100.0")));  // COCO's -1 is "nothing to find", not a number
  EXPECT_THAT(html, Not(HasSubstr("http")));
  page.least_images = 100;
  EXPECT_THAT(evaluation_page(metrics, page), HasSubstr("No slice has 100 images"));
}

}  // namespace
}  // namespace goldpan
