#include <set>

#include <gtest/gtest.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/label/label_session.hpp>

#include "expect_error.hpp"
#include "label/clouds.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

using label::Clouds;
using label::make_clouds;
using label::names;

class LabelSessionTest : public testing::Test {
 protected:
  LabelPool pool() const {
    return {names("item", 400), nullptr, clouds_.embeddings, names("c", 3)};
  }
  LabelOptions options() const {
    LabelOptions options;
    options.manual = true;
    options.threads = 2;
    options.first_batch = 20;
    options.batch = 20;
    options.overlap = overlap_;
    options.reserve = 0.2;
    return options;
  }
  std::unique_ptr<LabelSession> open() const {
    return std::make_unique<LabelSession>(pool(), folder_.path(), options());
  }
  NewAnswer truth(std::size_t item, const std::string& who = "me") const {
    return {.item = item,
            .kind = AnswerKind::kLabel,
            .label = clouds_.labels[item],
            .who = who,
            .note = "",
            .key = ""};
  }
  void answer_all(LabelSession& session, std::size_t count, const std::string& who = "me") const {
    for (const ShownItem& item : session.next(count, who)) {
      const NewAnswer answers[] = {truth(item.item, who)};
      session.answer(answers);
    }
  }

  Clouds clouds_ = make_clouds(400, 6, 3, 2.5, 1);
  TemporaryFolder folder_;
  double overlap_ = 0;
};

TEST_F(LabelSessionTest, AnswersSurviveAndAreNotDoubled) {
  {
    const auto session = open();
    answer_all(*session, 7);
    EXPECT_EQ(session->state().labelled, 7u);
  }
  const auto session = open();
  EXPECT_EQ(session->state().labelled, 7u);
  EXPECT_EQ(session->state().answers, 7u);
  for (const LabelRow& row : session->labels()) EXPECT_EQ(row.label, clouds_.labels[row.item]);
  // The items that are open are those of the same first batch.
  EXPECT_EQ(session->next(100, "me").size(), 13u);
  EXPECT_EQ(CsvFile(read_session_labels(folder_.path()), "labels").rows(), 7u);
  EXPECT_EQ(read_session_labels(folder_.path()), session->labels_csv());
}

TEST_F(LabelSessionTest, ARepeatedAnswerCountsOnce) {
  const auto session = open();
  NewAnswer answer = truth(3);
  const auto send = [&] { return session->answer({&answer, 1}); };
  EXPECT_EQ(send().recorded, 1u);
  EXPECT_EQ(send().repeated, 1u);
  answer.key = "k1";
  answer.item = 4;
  EXPECT_EQ(send().recorded, 1u);
  EXPECT_EQ(send().repeated, 1u);
  // Taken back, then sent again by a browser that did not hear the first time: stays taken back.
  EXPECT_EQ(session->undo("me"), std::optional<std::size_t>(4));
  EXPECT_EQ(send().repeated, 1u);
  EXPECT_EQ(session->state().labelled, 1u);
  answer.item = 5;
  expect_error(send, "'k1' stands for another answer");
}

TEST_F(LabelSessionTest, UndoBringsTheEarlierWordBack) {
  const auto session = open();
  NewAnswer answer = truth(3);
  answer.label = 0;
  session->answer({&answer, 1});
  answer.label = 1;
  session->answer({&answer, 1});
  EXPECT_EQ(session->labels()[0].label, 1);
  session->undo("me");
  EXPECT_EQ(session->labels()[0].label, 0);
  session->undo("me");
  EXPECT_TRUE(session->labels().empty());
  EXPECT_EQ(session->undo("me"), std::nullopt);
  EXPECT_EQ(session->undo("nobody"), std::nullopt);
}

TEST_F(LabelSessionTest, RefusesAllOfARequestOrNothing) {
  const auto session = open();
  NewAnswer answers[] = {truth(1), truth(2)};
  const auto send = [&] { session->answer(answers); };
  answers[1].item = 400;
  expect_error(send, "is of no item");
  answers[1] = truth(2);
  answers[1].label = 3;
  expect_error(send, "expected a class");
  answers[1] = truth(1);
  expect_error(send, "answered twice");
  answers[1] = truth(2, std::string(65, 'x'));
  expect_error(send, "expected at most 64");
  answers[1] = truth(2, "a\x01");
  expect_error(send, "control character");
  EXPECT_EQ(session->state().answers, 0u);
}

TEST_F(LabelSessionTest, SecondPersonGetsOtherItems) {
  const auto session = open();
  std::set<std::size_t> seen;
  for (const char* who : {"ann", "bob"}) {
    for (const ShownItem& item : session->next(8, who)) {
      EXPECT_TRUE(seen.insert(item.item).second);
    }
  }
  EXPECT_EQ(seen.size(), 16u);
  // Reloading the page shows the same ones.
  for (const ShownItem& item : session->next(8, "ann")) EXPECT_TRUE(seen.contains(item.item));
  EXPECT_EQ(session->next(20, "eve").size(), 4u);
}

TEST_F(LabelSessionTest, OverlapAsksTwoPeopleAndMeasuresAgreement) {
  overlap_ = 1;
  const auto session = open();
  answer_all(*session, 20, "ann");
  EXPECT_TRUE(session->next(20, "ann").empty());
  const auto items = session->next(20, "bob");
  ASSERT_EQ(items.size(), 20u);
  EXPECT_TRUE(items[0].second_opinion);
  answer_all(*session, 19, "bob");
  NewAnswer wrong = truth(items[19].item, "bob");
  wrong.label = (wrong.label + 1) % 3;
  session->answer({&wrong, 1});
  EXPECT_TRUE(session->next(20, "eve").empty());
  const Agreement agreement = session->agreement();
  EXPECT_EQ(agreement.items, 20u);
  ASSERT_EQ(agreement.pairs.size(), 1u);
  EXPECT_NEAR(agreement.pairs[0].agreed, 0.95, 1e-12);
  ASSERT_EQ(agreement.disagreements.size(), 1u);
  EXPECT_EQ(agreement.disagreements[0].item, items[19].item);
  EXPECT_GT(agreement.krippendorff, 0.8);
}

TEST_F(LabelSessionTest, TheNextBatchIsThereBeforeTheLastIsDone) {
  const auto session = open();
  answer_all(*session, 12);
  while (session->work()) {
  }
  const LabelState state = session->state();
  EXPECT_EQ(state.model_labels, 12u);
  EXPECT_EQ(state.batches, 2u);
  EXPECT_EQ(state.open, 8u + 20u);
  std::size_t reserve = 0;
  for (const ShownItem& item : session->next(28, "me")) {
    EXPECT_GE(item.predicted, 0);
    reserve += item.reason == "reserve";
  }
  EXPECT_EQ(reserve, 4u);
}

TEST_F(LabelSessionTest, LabelsAllThereIsAndEstimatesOnTheWay) {
  const auto session = open();
  for (int round = 0; round < 200 && session->state().labelled < 400; ++round) {
    answer_all(*session, 20);
    while (session->work()) {
    }
  }
  const LabelState state = session->state();
  EXPECT_EQ(state.labelled, 400u);
  EXPECT_EQ(state.open, 0u);
  ASSERT_TRUE(state.truth.pool);
  EXPECT_GT(state.curve.size(), 3u);
  EXPECT_GT(state.truth.pool->value, 0.7);
  EXPECT_TRUE(session->next(5, "me").empty());
}

TEST_F(LabelSessionTest, AGridHoldsOnePredictedClass) {
  const auto session = open();
  EXPECT_TRUE(session->grid(24, kUnknownLabel, "me").empty());  // no model yet
  answer_all(*session, 20);
  while (session->work()) {
  }
  const auto items = session->grid(24, 1, "me");
  ASSERT_EQ(items.size(), 24u);
  std::vector<NewAnswer> answers;
  for (const ShownItem& item : items) {
    EXPECT_EQ(item.predicted, 1);
    answers.push_back(truth(item.item));
  }
  EXPECT_EQ(session->answer(answers).recorded, 24u);
  while (session->work()) {
  }
  EXPECT_EQ(session->state().labelled, 44u);
  // Offered items are journalled with their reason, and picked by nobody else.
  std::set<std::size_t> labelled;
  for (const LabelRow& row : session->labels()) labelled.insert(row.item);
  for (const ShownItem& item : session->next(100, "you")) {
    EXPECT_FALSE(labelled.contains(item.item));
  }
}

TEST_F(LabelSessionTest, SkippedItemsDoNotComeBack) {
  const auto session = open();
  const auto items = session->next(20, "me");
  for (const ShownItem& item : items) {
    NewAnswer answer{.item = item.item,
                     .kind = AnswerKind::kSkip,
                     .label = 0,
                     .who = "me",
                     .note = "blurred",
                     .key = ""};
    session->answer({&answer, 1});
  }
  while (session->work()) {
  }
  EXPECT_EQ(session->state().skipped, 20u);
  EXPECT_EQ(session->state().labelled, 0u);
  for (const ShownItem& item : session->next(50, "me")) {
    for (const ShownItem& old : items) EXPECT_NE(item.item, old.item);
  }
}

TEST_F(LabelSessionTest, RefusesAnotherPoolOrASecondProcess) {
  const auto session = open();
  expect_error([&] { open(); }, "another process has this session open");
  TemporaryFolder other;
  { LabelSession first(pool(), other.path(), options()); }
  LabelPool changed = pool();
  changed.ids[0] = "else";
  expect_error([&] { LabelSession(changed, other.path(), options()); }, "another pool");
  changed = pool();
  std::swap(changed.classes[0], changed.classes[1]);
  expect_error([&] { LabelSession(changed, other.path(), options()); }, "classes");
  changed.classes = {"one"};
  expect_error([&] { LabelSession(changed, other.path(), options()); }, "expected two or more");
}

TEST_F(LabelSessionTest, EveryStrategyCanChoose) {
  const auto session = open();
  for (const char* strategy : {"badge", "k_center", "bald", "entropy", "typiclust"}) {
    TemporaryFolder other;
    LabelOptions with = options();
    with.strategy = strategy;
    LabelSession each(pool(), other.path(), with);
    answer_all(each, 12);
    while (each.work()) {
    }
    EXPECT_EQ(each.state().batches, 2u) << strategy;
  }
}

}  // namespace
}  // namespace goldpan
