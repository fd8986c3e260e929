#include "report/reflection.hpp"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_records.hpp"
#include "report/summaries.hpp"

namespace goldpan::report {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string reflection_of(const Records& records) {
  const Analysis analysis(records);
  return reflection_markdown(analysis, reflect(analysis, {}));
}

RoundRecord& round_of(Records& records, const std::string& strategy, std::uint64_t seed,
                      std::size_t round) {
  for (RoundRecord& record : records.rounds) {
    if (record.strategy == strategy && record.seed == seed && record.round == round) return record;
  }
  throw std::logic_error("no such round");
}

TEST(Reflection, AnswersEveryQuestionOfARealRun) {
  const std::string text = reflection_of(sample_records());
  for (const char* title :
       {"Can these numbers be trusted?", "Which strategy wins at low and at middle budgets?",
        "How many labels does it save?", "Why does k-center alone lose or win here?",
        "What do near-duplicates change?", "Which cold-start failures were seen?",
        "What would 10 and 100 times the pool cost?"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n## ") + title));
  }
  EXPECT_THAT(text, HasSubstr("The check at the whole pool passes"));
  EXPECT_THAT(text, HasSubstr("k-center is worse than random at"));
  EXPECT_THAT(text, HasSubstr("start from random's own first batch of 2,000 labels"));
  EXPECT_THAT(text, HasSubstr("not shown"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, Not(HasSubstr("Nothing beats random")));
}

TEST(Reflection, SaysWhatToCheckWhenNothingBeatsRandom) {
  Records records = sample_records();
  for (RoundRecord& record : records.rounds) {
    record.metrics.set("accuracy",
                       round_of(records, "random", record.seed, record.round).value("accuracy"));
  }
  Generator noise(3);
  for (RoundRecord& record : records.rounds) {
    if (record.strategy != "random" && record.round < 5)
      record.metrics.set("accuracy", record.value("accuracy") + 0.002 * noise.normal());
  }
  const Analysis analysis(records);
  EXPECT_THAT(check_run(analysis), Contains(HasSubstr("nothing is shown to beat random")));
  EXPECT_THAT(reflection_of(records), HasSubstr("## Nothing beats random: what to check"));
}

TEST(Reflection, WarnsWhenCurvesDisagreeAtTheWholePool) {
  Records records = sample_records();
  round_of(records, "badge", 2, 5)
      .metrics.set("accuracy", round_of(records, "badge", 2, 5).value("accuracy") + 0.02);
  EXPECT_THAT(check_run(Analysis(records)),
              Contains(AllOf(HasSubstr("the curves disagree at 100 %"), HasSubstr("seed 2 BADGE"),
                             HasSubstr("converge"))));
  EXPECT_THAT(check_run(Analysis(sample_records())), IsEmpty());
}

TEST(Reflection, NamesClassesThatAFirstBatchMissed) {
  Records records = sample_records();
  round_of(records, "k_center", 3, 0).metrics.set("labels", 0, 3);
  EXPECT_THAT(reflection_of(records), HasSubstr("k-center had none of cat in some seed"));
  EXPECT_EQ(summarize_batches(Grid(records), 3, 0).classes_without_labels, 1);
  // Those who share a first batch are named together.
  round_of(records, "random", 1, 0).metrics.set("labels", 0, 3);
  EXPECT_THAT(reflection_of(records), HasSubstr("random and k-center had none of cat"));
}

TEST(Reflection, SaysWhenThereAreNoNearTwins) {
  Records records = sample_records();
  for (RoundRecord& round : records.rounds) round.metrics.set("redundancy", 0);
  EXPECT_THAT(reflection_of(records), HasSubstr("no strategy bought an item with a near twin"));
}

TEST(Reflection, ClaimsNothingWithOneSeed) {
  const std::string text = reflection_of(sample_records(1));
  EXPECT_THAT(text, HasSubstr("With 1 seed no difference can be shown"));
  EXPECT_THAT(text, Not(HasSubstr("better than random")));
  EXPECT_THAT(text, Not(HasSubstr("worse than random at 25 %")));
}

TEST(Reflection, CopesWithNothing) {
  EXPECT_THAT(reflection_of(Records{}), HasSubstr("there is nothing to say"));
  Records one = sample_records();
  std::erase_if(one.rounds, [](const RoundRecord& r) { return r.strategy != "badge" || r.round; });
  one.strategies = {"badge"};
  EXPECT_THAT(reflection_of(one), HasSubstr("no random baseline"));
}

TEST(Summaries, ImbalanceIsTotalVariation) {
  Records records = sample_records(1);
  records.pool_class_counts = {50, 50};
  RoundRecord& record = round_of(records, "random", 1, 0);
  record.metrics.erase("labels");
  record.metrics.set("labels", 9, 0);
  record.metrics.set("labels", 1, 1);
  EXPECT_NEAR(summarize_batches(Grid(records), 0, 0).imbalance.mean, 0.4, 1e-12);
}

TEST(Summaries, CostsFollowTheLaw) {
  Cost cost;
  cost.train = 1;
  cost.score = 2;
  cost.select = 3;
  cost.power = 2;
  EXPECT_EQ(cost.scaled(10), 330);
  EXPECT_EQ(cost.scaled_same_labels(10), 51);
  const Records records = sample_records();
  const std::vector<Cost> costs = costs_at_scale(Grid(records));
  ASSERT_EQ(costs.size(), 8U);
  EXPECT_EQ(costs[0].power, 1);
  EXPECT_EQ(costs[3].power, 2) << "k_center";
  EXPECT_NEAR(costs[3].select, 6.6, 1e-9);
}

}  // namespace
}  // namespace goldpan::report
