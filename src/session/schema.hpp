#pragma once

namespace goldpan {

/// The version in PRAGMA user_version. Stable: an older one is read, and raised when a run goes on;
/// a newer one is refused.
inline constexpr int kSchemaVersion = 2;

/// PRAGMA application_id of a journal: "Gold". Stable, do not change.
inline constexpr int kApplicationId = 0x476F6C64;

/// Tables that all versions share. Columns are read by users' own queries: add, never rename.
/// Reasons are numbered as in the enum Reason: 0 cold_start, 1 reserve, 2 class_floor, 3 strategy.
/// In `reliability`, stage 0 is before temperature scaling and 1 after.
inline constexpr const char* kSharedTables = R"sql(
CREATE TABLE settings(position INTEGER PRIMARY KEY, key TEXT NOT NULL, value TEXT NOT NULL);
CREATE TABLE facts(position INTEGER PRIMARY KEY, key TEXT NOT NULL, value TEXT NOT NULL);
CREATE TABLE classes(class INTEGER PRIMARY KEY, name TEXT NOT NULL, pool_count INTEGER NOT NULL);
CREATE TABLE items(item INTEGER PRIMARY KEY, id TEXT NOT NULL);
CREATE TABLE reliability(
  strategy TEXT NOT NULL, seed INTEGER NOT NULL, round INTEGER NOT NULL,
  stage INTEGER NOT NULL, bin INTEGER NOT NULL,
  count INTEGER NOT NULL, confidence REAL, accuracy REAL,
  PRIMARY KEY(strategy, seed, round, stage, bin)) WITHOUT ROWID;
CREATE TABLE picks(
  strategy TEXT NOT NULL, seed INTEGER NOT NULL, round INTEGER NOT NULL, rank INTEGER NOT NULL,
  item INTEGER NOT NULL, label INTEGER NOT NULL, reason INTEGER NOT NULL,
  score REAL, inclusion_probability REAL,
  PRIMARY KEY(strategy, seed, round, rank)) WITHOUT ROWID;
CREATE VIEW pick_list AS
  SELECT strategy, seed, round, rank, items.id AS id, classes.name AS label,
         CASE reason WHEN 0 THEN 'cold_start' WHEN 1 THEN 'reserve' WHEN 2 THEN 'class_floor'
                     ELSE 'strategy' END AS reason,
         score, inclusion_probability
  FROM picks JOIN items USING(item) LEFT JOIN classes ON classes.class = picks.label;
)sql";

/// Version 2. A metric is a row; its class is -1 where it is one of all classes. `digest` is the
/// SHA-256 of what the round wrote (codec.cpp), and of the tables that `sealed` names.
inline constexpr const char* kTables2 = R"sql(
CREATE TABLE rounds(
  strategy TEXT NOT NULL, seed INTEGER NOT NULL, round INTEGER NOT NULL,
  budget REAL NOT NULL, labeled INTEGER NOT NULL, notes TEXT NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY(strategy, seed, round)) WITHOUT ROWID;
CREATE TABLE metrics(
  strategy TEXT NOT NULL, seed INTEGER NOT NULL, round INTEGER NOT NULL, position INTEGER NOT NULL,
  slice TEXT NOT NULL, class INTEGER NOT NULL, name TEXT NOT NULL, value REAL,
  PRIMARY KEY(strategy, seed, round, position)) WITHOUT ROWID;
CREATE TABLE sealed(name TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE thumbnails(item INTEGER PRIMARY KEY, jpeg BLOB NOT NULL, digest TEXT NOT NULL);
CREATE VIEW metric_list AS
  SELECT strategy, seed, round, slice, COALESCE(classes.name, 'all') AS class, metrics.name AS name,
         value
  FROM metrics LEFT JOIN classes ON classes.class = metrics.class;
)sql";

/// Whether each test item of known target was judged right in a round: item i is bit i % 8 of byte
/// i / 8, and `count` of them there are. Journals from before it have none: made where it lacks.
inline constexpr const char* kHitsTable = R"sql(
CREATE TABLE IF NOT EXISTS hits(
  strategy TEXT NOT NULL, seed INTEGER NOT NULL, round INTEGER NOT NULL,
  count INTEGER NOT NULL, bits BLOB NOT NULL,
  PRIMARY KEY(strategy, seed, round)) WITHOUT ROWID;
)sql";

/// What was bought of an item where a class does not say it all: the text of Task::write (boxes, a
/// mark a label) and its SHA-256. Journals from before it have none: made where it lacks.
inline constexpr const char* kTargetsTable = R"sql(
CREATE TABLE IF NOT EXISTS targets(
  item INTEGER PRIMARY KEY, target TEXT NOT NULL, digest TEXT NOT NULL);
)sql";

/// Columns of version 1's `rounds` that are metrics now, in their order.
inline constexpr const char* kColumns1[] = {
    "accuracy",      "balanced_accuracy", "macro_f1",
    "nll",           "temperature",       "ece_before",
    "ece_after",     "redundancy",        "redundancy_labeled",
    "drift",         "train_seconds",     "score_seconds",
    "select_seconds"};

}  // namespace goldpan
