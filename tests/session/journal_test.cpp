#include "session/journal.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>

#include "expect_error.hpp"
#include "session/sqlite.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

JournalHeader header() {
  return {.settings = {{"protocol.strategies", "random,badge"},
                       {"protocol.budgets", "0.1,1"},
                       {"protocol.seeds", "1,2"}},
          .facts = {{"pool_size", "4"}, {"test_size", "2"}},
          .class_names = {"day", "night"},
          .pool_class_counts = {3, 1},
          .pool_ids = {"a", "b", "c, d", "e"}};
}

RoundRecord round_of(const std::string& strategy, std::uint64_t seed, std::size_t round) {
  RoundRecord record;
  record.strategy = strategy;
  record.seed = seed;
  record.round = round;
  record.budget = 0.1;
  record.labeled = 2;
  record.metrics.set("accuracy", 0.1 + 0.2);  // not a round number: doubles must come back whole
  record.metrics.set("drift", kNaN);
  record.metrics.set("recall", 1.0, 0);
  record.metrics.set("recall", kNaN, 1);
  record.metrics.set("labels", 2, 0);
  record.metrics.set("labels", 0, 1);
  record.reliability_after = {{5, 0.5, 0.25}};
  record.notes = {"one", "two"};
  return record;
}

const std::vector<Pick> kPicks = {{2, Reason::kReserve, kNaN, 0.5},
                                  {0, Reason::kStrategy, 1.5, kNaN}};
const std::vector<std::int32_t> kLabels = {1, 0};

TEST(Journal, GivesBackWhatWasWritten) {
  const TemporaryFolder folder;
  Journal journal(folder.path(), header(), false);
  journal.add_round(round_of("badge", 2, 0), kPicks, kLabels);

  const auto rounds = journal.finished_rounds("badge", 2);
  ASSERT_EQ(rounds.size(), 1u);
  ASSERT_EQ(rounds[0].size(), 2u);
  EXPECT_EQ(rounds[0][0].row, 2u);
  EXPECT_EQ(rounds[0][0].reason, Reason::kReserve);
  EXPECT_TRUE(std::isnan(rounds[0][0].score));
  EXPECT_EQ(rounds[0][1].score, 1.5);
  EXPECT_TRUE(journal.finished_rounds("badge", 1).empty());

  // Read while the run is still going on, as a user's tool would.
  const Records records = read_records(folder / "run.db");
  EXPECT_EQ(records.strategies, (std::vector<std::string>{"random", "badge"}));
  EXPECT_EQ(records.budgets, (std::vector<double>{0.1, 1}));
  EXPECT_EQ(records.pool_size, 4u);
  EXPECT_EQ(records.pool_class_counts, (std::vector<std::uint64_t>{3, 1}));
  ASSERT_EQ(records.rounds.size(), 1u);
  EXPECT_EQ(records.rounds[0].value("accuracy"), 0.1 + 0.2);
  EXPECT_TRUE(std::isnan(records.rounds[0].value("drift")));
  EXPECT_TRUE(std::isnan(records.rounds[0].metrics.value("recall", 1)));
  EXPECT_EQ(records.rounds[0].reliability_after.at(0).count, 5u);
  EXPECT_EQ(records.rounds[0].notes, (std::vector<std::string>{"one", "two"}));
  const auto picks = read_picks(folder / "run.db");
  ASSERT_EQ(picks.size(), 2u);
  EXPECT_EQ(picks[0].id, "c, d");
  EXPECT_EQ(picks[0].label, 1);
}

TEST(Journal, KeepsWhichTestItemsWereJudgedRight) {
  const TemporaryFolder folder;
  RoundRecord record = round_of("badge", 2, 0);
  for (int i = 0; i < 13; ++i) record.hits.push_back(i % 3 == 0 || i == 7);
  Journal(folder.path(), header(), false).add_round(record, kPicks, kLabels);
  EXPECT_EQ(read_records(folder / "run.db").rounds.at(0).hits, record.hits);
  {
    Database database(folder / "run.db", Database::Mode::kCreate);
    database.execute("UPDATE hits SET bits = x'FFFF'");
  }
  expect_error([&] { read_records(folder / "run.db"); }, "round 0 of badge at seed 2");
  {
    Database database(folder / "run.db", Database::Mode::kCreate);
    database.execute("DELETE FROM hits");
  }
  expect_error([&] { read_records(folder / "run.db"); }, "round 0 of badge at seed 2");
}

TEST(Journal, ReadsAndRaisesOneWithoutThem) {
  const TemporaryFolder folder;
  Journal(folder.path(), header(), false).add_round(round_of("badge", 2, 0), kPicks, kLabels);
  {
    Database database(folder / "run.db", Database::Mode::kCreate);
    database.execute("DROP TABLE hits");
  }
  EXPECT_TRUE(read_records(folder / "run.db").rounds.at(0).hits.empty());
  RoundRecord record = round_of("badge", 2, 1);
  record.hits = {true, false};
  Journal(folder.path(), header(), false).add_round(record, kPicks, kLabels);
  EXPECT_EQ(read_records(folder / "run.db").rounds.at(1).hits, record.hits);
}

TEST(Journal, ResumesOnlyWithEqualSettings) {
  const TemporaryFolder folder;
  { Journal journal(folder.path(), header(), false); }
  { Journal again(folder.path(), header(), false); }
  JournalHeader other = header();
  other.settings[1].second = "0.2,1";
  expect_error([&] { Journal(folder.path(), other, false); },
               "protocol.budgets was '0.1,1' and is now '0.2,1'");
  other.facts.emplace_back("data_fingerprint", "beef");
  expect_error([&] { Journal(folder.path(), other, false); },
               "data_fingerprint was nothing and is now 'beef'");
  EXPECT_NO_THROW(Journal(folder.path(), other, true));  // --fresh
}

TEST(Journal, RefusesASecondRunAndStrangeFiles) {
  const TemporaryFolder folder;
  {
    const Journal journal(folder.path(), header(), false);
    expect_error([&] { Journal(folder.path(), header(), false); }, "another run is using");
  }
  write_file(folder / "run.db",
             "this is not a database, but long enough to look at it as one ......");
  expect_error([&] { Journal(folder.path(), header(), false); }, "run.db]");
  expect_error([&] { read_records(folder / "run.db"); }, "run.db]");
  expect_error([&] { read_records(folder / "none/run.db"); }, "is missing");
}

TEST(Journal, ARefusedRoundLeavesTheOldOnes) {
  const TemporaryFolder folder;
  Journal journal(folder.path(), header(), false);
  journal.add_round(round_of("badge", 1, 0), kPicks, kLabels);
  // The same round twice breaks the primary key in the middle of the transaction.
  EXPECT_THROW(journal.add_round(round_of("badge", 1, 0), kPicks, kLabels), Error);
  journal.add_round(round_of("badge", 1, 1), kPicks, kLabels);
  EXPECT_EQ(journal.finished_rounds("badge", 1).size(), 2u);
}

}  // namespace
}  // namespace goldpan
