#include "session/journal.hpp"

#include <cmath>
#include <limits>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>

#include "expect_error.hpp"
#include "session/folder_lock.hpp"
#include "session/schema.hpp"
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
const std::vector<BoughtLabel> kLabels = {{1, ""}, {0, ""}};

TEST(Journal, KeepsTargetsThatAreMoreThanAClassAndTellsWhereOneWasChanged) {
  const TemporaryFolder folder;
  const std::vector<BoughtLabel> boxes = {{1, "1 0 0 5 5"}, {-1, "-"}};
  {
    Journal journal(folder.path(), header(), false);
    journal.add_round(round_of("badge", 2, 0), kPicks, boxes);
    journal.add_round(round_of("random", 2, 0), kPicks, boxes);  // the same items, once more
  }
  const auto targets = read_targets(folder / "run.db");
  EXPECT_EQ(targets, (std::map<std::string, std::string>{{"a", "-"}, {"c, d", "1 0 0 5 5"}}));
  EXPECT_EQ(read_picks(folder / "run.db").at(1).label, -1);
  {
    Database database(folder / "run.db", Database::Mode::kCreate);
    database.execute("UPDATE targets SET target = '1 0 0 5 6' WHERE item = 2");
  }
  expect_error([&] { read_targets(folder / "run.db"); }, "the target of item 'c, d'");
}

TEST(Journal, FromBeforeTargetsAreReadAndGoOn) {
  const TemporaryFolder folder;
  {
    Journal journal(folder.path(), header(), false);
    journal.add_round(round_of("badge", 2, 0), kPicks, kLabels);
  }
  {
    Database database(folder / "run.db", Database::Mode::kCreate);
    database.execute("DROP TABLE targets");
  }
  EXPECT_TRUE(read_targets(folder / "run.db").empty());
  EXPECT_EQ(read_records(folder / "run.db").rounds.size(), 1u);
  Journal journal(folder.path(), header(), false);
  journal.add_round(round_of("badge", 2, 1), kPicks, kLabels);
  EXPECT_EQ(journal.finished_rounds("badge", 2).size(), 2u);
}

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

TEST(Journal, ReleasesItsLockAfterItsDataBaseIsClosed) {
  // A run that has waited for the lock must find no other connection: closing the last one puts
  // the log into the file and removes it.
  const TemporaryFolder folder;
  for (std::size_t round = 0; round < 20; ++round) {
    auto journal = std::make_unique<Journal>(folder.path(), header(), false);
    journal->add_round(round_of("badge", 1, round), kPicks, kLabels);
    ASSERT_TRUE(std::filesystem::exists(folder / "run.db-wal"));
    std::thread closing([&] { journal.reset(); });
    while (true) {
      try {
        const FolderLock lock(folder.path(), "run.lock", "busy");
        EXPECT_FALSE(std::filesystem::exists(folder / "run.db-wal")) << round;
        break;
      } catch (const Error&) {
        std::this_thread::yield();
      }
    }
    closing.join();
  }
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

// A table as version 0.1.0 wrote it.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE rounds(
  strategy TEXT NOT NULL, seed INTEGER NOT NULL, round INTEGER NOT NULL,
  budget REAL NOT NULL, labeled INTEGER NOT NULL,
  accuracy REAL, balanced_accuracy REAL, macro_f1 REAL, nll REAL,
  temperature REAL, ece_before REAL, ece_after REAL,
  redundancy REAL, redundancy_labeled REAL, drift REAL,
  train_seconds REAL, score_seconds REAL, select_seconds REAL,
  notes TEXT NOT NULL,
  PRIMARY KEY(strategy, seed, round)) WITHOUT ROWID;
CREATE TABLE class_results(
  strategy TEXT NOT NULL, seed INTEGER NOT NULL, round INTEGER NOT NULL, class INTEGER NOT NULL,
  recall REAL, labeled INTEGER NOT NULL,
  PRIMARY KEY(strategy, seed, round, class)) WITHOUT ROWID;
INSERT INTO rounds VALUES('random', 1, 0, 0.1, 2, 0.75, 0.5, 0.4, 1.5, 1.25, 0.1, 0.05, 0, 0, NULL,
                          0.5, 0, 0.25, 'one' || char(10) || 'two');
INSERT INTO class_results VALUES('random', 1, 0, 0, 1.0, 2), ('random', 1, 0, 1, NULL, 0);
INSERT INTO picks VALUES('random', 1, 0, 0, 2, 1, 0, NULL, 0.5), ('random', 1, 0, 1, 0, 0, 0, NULL, 0.5);
INSERT INTO settings VALUES(0, 'protocol.strategies', 'random,badge'),
                           (1, 'protocol.budgets', '0.1,1'), (2, 'protocol.seeds', '1');
INSERT INTO facts VALUES(0, 'pool_size', '4'), (1, 'test_size', '2');
INSERT INTO classes VALUES(0, 'a', 3), (1, 'b', 1);
INSERT INTO items VALUES(0, 'a'), (1, 'b'), (2, 'c, d'), (3, 'e');
PRAGMA user_version = 1;
)sql";

void write_version_1(const std::filesystem::path& file) {
  Database database(file, Database::Mode::kCreate);
  database.execute(kSharedTables);
  database.execute(kVersion1);
  database.execute(fmt::format("PRAGMA application_id = {}", kApplicationId));
}

void expect_version_1(const std::filesystem::path& file) {
  const Records records = read_records(file);
  ASSERT_EQ(records.rounds.size(), 1u);
  const RoundRecord& round = records.rounds[0];
  EXPECT_EQ(round.value("accuracy"), 0.75);
  EXPECT_EQ(round.value("select_seconds"), 0.25);
  EXPECT_TRUE(std::isnan(round.value("drift")));
  EXPECT_EQ(round.class_counts(), (std::vector<std::uint64_t>{2, 0}));
  EXPECT_EQ(round.metrics.value("recall", 0), 1.0);
  EXPECT_TRUE(std::isnan(round.metrics.value("recall", 1)));
  EXPECT_EQ(round.notes, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(read_picks(file).at(0).id, "c, d");
  EXPECT_TRUE(read_thumbnails(file).empty());
}

TEST(Journal, ReadsAnOlderVersionWithoutChangingIt) {
  const TemporaryFolder folder;
  write_version_1(folder / "run.db");
  const std::string before = read_text(folder / "run.db");
  expect_version_1(folder / "run.db");
  EXPECT_EQ(read_text(folder / "run.db"), before);
}

TEST(Journal, RaisesAnOlderVersionWhenTheRunGoesOn) {
  const TemporaryFolder folder;
  write_version_1(folder / "run.db");
  JournalHeader wanted = header();
  wanted.settings = {{"protocol.strategies", "random,badge"},
                     {"protocol.budgets", "0.1,1"},
                     {"protocol.seeds", "1"},
                     {"protocol.options", ""}};  // did not exist then
  wanted.facts = {{"pool_size", "4"}, {"test_size", "2"}};
  wanted.standards = {{"protocol.options", ""}};
  {
    Journal journal(folder.path(), wanted, false);
    ASSERT_EQ(journal.finished_rounds("random", 1).size(), 1u);
    journal.add_round(round_of("badge", 1, 0), kPicks, kLabels);
  }
  const Database database(folder / "run.db", Database::Mode::kReadOnly);
  EXPECT_EQ(database.pragma("user_version"), kSchemaVersion);
  EXPECT_EQ(read_records(folder / "run.db").rounds.size(), 2u);
}

TEST(Journal, ANewerVersionIsRefused) {
  const TemporaryFolder folder;
  { Journal journal(folder.path(), header(), false); }
  {
    Database database(folder / "run.db", Database::Mode::kCreate);
    database.execute("PRAGMA user_version = 99");
  }
  expect_error([&] { read_records(folder / "run.db"); }, "schema version 99, expected 1 to");
  expect_error([&] { Journal(folder.path(), header(), false); }, "is of version 99");
}

// 26 of 100 bit flips in a journal gave other tables and exit code 0: every value that a report or
// a resumed run reads is sealed by a digest.
TEST(Journal, AChangedValueIsFoundWhereverItStands) {
  const std::pair<const char*, const char*> changes[] = {
      {"UPDATE metrics SET value = value + 1e-9 WHERE name = 'accuracy'", "round 0 of random"},
      {"UPDATE metrics SET name = 'accuracx' WHERE name = 'accuracy'", "round 0 of random"},
      {"UPDATE rounds SET labeled = 3", "round 0 of random"},
      {"UPDATE rounds SET notes = ''", "round 0 of random"},
      {"UPDATE reliability SET count = 6 WHERE stage = 1", "round 0 of random"},
      {"UPDATE picks SET item = 1 WHERE rank = 0", "round 0 of random"},
      {"UPDATE picks SET label = 0", "round 0 of random"},
      {"DELETE FROM picks WHERE rank = 1", "round 0 of random"},
      {"UPDATE rounds SET round = 1", "of random"},
      {"UPDATE settings SET value = '0.1' WHERE position = 1", "table 'settings'"},
      {"UPDATE facts SET value = '5' WHERE key = 'pool_size'", "table 'facts'"},
      {"UPDATE classes SET pool_count = 4", "table 'classes'"},
      {"UPDATE items SET id = 'x' WHERE item = 0", "table 'items'"}};
  for (const auto& [change, place] : changes) {
    const TemporaryFolder folder;
    {
      Journal journal(folder.path(), header(), false);
      journal.add_round(round_of("random", 1, 0), kPicks, kLabels);
    }
    {
      Database database(folder / "run.db", Database::Mode::kCreate);
      database.execute(change);
    }
    expect_error([&] { read_records(folder / "run.db"); }, place);
    expect_error(
        [&] {
          Journal journal(folder.path(), header(), false);
          journal.finished_rounds("random", 1);
        },
        place);
  }
}

TEST(Journal, KeepsPicturesAndFindsChangedOnes) {
  const TemporaryFolder folder;
  {
    Journal journal(folder.path(), header(), false);
    const std::pair<Index, std::string> pictures[] = {{2, std::string("\xFF\xD8\0jpeg", 7)}};
    journal.add_thumbnails(pictures);
  }
  EXPECT_EQ(read_thumbnails(folder / "run.db").at("c, d"), std::string("\xFF\xD8\0jpeg", 7));
  {
    Database database(folder / "run.db", Database::Mode::kCreate);
    database.execute("UPDATE thumbnails SET jpeg = X'FFD8'");
  }
  expect_error([&] { read_thumbnails(folder / "run.db"); }, "the picture of item 'c, d'");
}

}  // namespace
}  // namespace goldpan
