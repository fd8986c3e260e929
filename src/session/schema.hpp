#pragma once

namespace goldpan {

/// The version in PRAGMA user_version. Stable: a journal of another version is refused.
inline constexpr int kSchemaVersion = 1;

/// PRAGMA application_id of a journal: "Gold". Stable, do not change.
inline constexpr int kApplicationId = 0x476F6C64;

/// The journal's tables. Columns are read by users' own queries: add, never rename.
/// Reasons are numbered as in the enum Reason: 0 cold_start, 1 reserve, 2 class_floor, 3 strategy.
/// In `reliability`, stage 0 is before temperature scaling and 1 after.
inline constexpr const char* kSchema = R"sql(
CREATE TABLE settings(position INTEGER PRIMARY KEY, key TEXT NOT NULL, value TEXT NOT NULL);
CREATE TABLE facts(position INTEGER PRIMARY KEY, key TEXT NOT NULL, value TEXT NOT NULL);
CREATE TABLE classes(class INTEGER PRIMARY KEY, name TEXT NOT NULL, pool_count INTEGER NOT NULL);
CREATE TABLE items(item INTEGER PRIMARY KEY, id TEXT NOT NULL);
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
  FROM picks JOIN items USING(item) JOIN classes ON classes.class = picks.label;
)sql";

}  // namespace goldpan
