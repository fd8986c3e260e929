#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/conclusion.hpp"
#include "report/figure_scripts.hpp"
#include "report/reflection.hpp"
#include "report/sample_records.hpp"
#include "report/statistics.hpp"
#include "report/styles.hpp"
#include "report/tables.hpp"

namespace goldpan::report {
namespace {

using testing::HasSubstr;
using testing::Not;

// sample_records' run with batches of 20 and 200 labels before it, where the hybrid is ten points
// above random.
Records with_few_labels(std::size_t seeds = 5) {
  Records records = sample_records(seeds);
  std::vector<RoundRecord> few;
  Generator noise(3);
  for (RoundRecord& round : records.rounds) {
    round.round += 2;
    if (round.round != 2) continue;
    for (const std::size_t count : {20, 200}) {
      RoundRecord early = round;
      early.round = count == 20 ? 0 : 1;
      early.labeled = count;
      early.budget = static_cast<double>(count) / 40000;
      early.metrics = {};
      const double gain = round.strategy == "hybrid" ? 0.1 : 0;
      early.metrics.set("accuracy", 0.3 + gain + 0.01 * noise.normal());
      few.push_back(early);
    }
  }
  records.rounds.insert(records.rounds.begin(), few.begin(), few.end());
  records.budgets.insert(records.budgets.begin(), {0.0005, 0.005});
  return records;
}

TEST(FewLabels, AreABandOfTheirOwn) {
  const Records records = with_few_labels();
  const Analysis analysis(records);
  EXPECT_TRUE(analysis.grid.is_few(0));
  EXPECT_TRUE(analysis.grid.is_few(1));
  EXPECT_FALSE(analysis.grid.is_few(2)) << "5 % is a share";
  EXPECT_EQ(analysis.grid.first_share(), 2U);
  const auto few = std::ranges::find_if(analysis.bands, [&](const BandGain& gain) {
    return gain.band == "few" && analysis.grid.strategies()[gain.strategy] == "hybrid";
  });
  ASSERT_NE(few, analysis.bands.end());
  EXPECT_EQ(few->budgets, (std::vector<std::size_t>{0, 1}));
  EXPECT_NEAR(few->test.mean, 10, 1.5);
  EXPECT_EQ(few->verdict, "better");
  // The bands of shares are what they were.
  const Records without = sample_records(5);
  const Analysis old(without);
  for (const BandGain& gain : old.bands) {
    const auto same = std::ranges::find_if(analysis.bands, [&](const BandGain& other) {
      return other.band == gain.band && other.strategy == gain.strategy;
    });
    ASSERT_NE(same, analysis.bands.end());
    EXPECT_EQ(same->test.mean, gain.test.mean) << gain.band;
  }
}

TEST(FewLabels, AreSpokenOf) {
  const Records records = with_few_labels();
  const Analysis analysis(records);
  const std::string text = reflection_markdown(analysis, reflect(analysis, {}));
  EXPECT_THAT(text, HasSubstr("Few labels (below 5 % of the pool: 20 to 200 labels; mean gain "
                              "there, `budget_bands.csv`): better than random: hybrid"));
  EXPECT_THAT(text, HasSubstr("Low budgets (up to 10 %"));
  const Conclusion conclusion = conclude(analysis, {});
  std::string all = conclusion.text;
  for (const std::string& detail : conclusion.details) all += "\n" + detail;
  EXPECT_THAT(all,
              HasSubstr("With few labels (below 5 % of the pool: 20 to 200 labels) hybrid is"));
  const Records without = sample_records(5);
  const Analysis old(without);
  EXPECT_THAT(reflection_markdown(old, reflect(old, {})), Not(HasSubstr("Few labels")));
}

TEST(FewLabels, HaveAColumnOfPanels) {
  const Records records = with_few_labels();
  const Analysis analysis(records);
  const FigureScript figure = curves_script(analysis, {0, 1, 5}, "learning_curves");
  for (const char* const title :
       {"(a) Few labels: test accuracy", "(b) Shares of the pool: test accuracy",
        "(c) Few labels: gain over random", "(d) Shares of the pool: gain over random"}) {
    EXPECT_THAT(figure.body, HasSubstr(title));
  }
  EXPECT_THAT(figure.body, HasSubstr("\"20\\n0.05 %%\" 20"));
  EXPECT_THAT(figure.body, HasSubstr("\"5 %%\\n2,000\" 2000"));
  const Records without = sample_records(5);
  const Analysis old(without);
  EXPECT_THAT(curves_script(old, {0, 1, 5}, "learning_curves").body,
              HasSubstr("(b) Gain over random at the same seed"));
}

TEST(FewLabels, StandBesideTheirShareInTables) {
  const Records records = with_few_labels();
  std::string table;
  for (const auto& [name, text] : make_tables(Analysis(records), ReportOptions())) {
    if (name == "budget_gains.csv") table = text;
  }
  EXPECT_THAT(table, HasSubstr(",ci_all_high,labels\n"));
  EXPECT_THAT(table, HasSubstr("\nmargin,0.0005,"));
  EXPECT_THAT(table, HasSubstr(",20\n"));
  EXPECT_THAT(table, HasSubstr("\nmargin,0.25,"));
}

TEST(FewLabels, AreShortPerCents) {
  EXPECT_EQ(percent(20.0 / 31367), "0.064 %");
  EXPECT_EQ(percent(0.0005), "0.05 %");
  EXPECT_EQ(percent(0.0125), "1.25 %");
  EXPECT_EQ(percent(1.0 / 3), "33.3333 %");
}

}  // namespace
}  // namespace goldpan::report
