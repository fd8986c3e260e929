#include "session/codec.hpp"

#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/sha256.hpp>

#include "session/schema.hpp"

namespace goldpan {
namespace {

// The tables that are sealed whole: what every round belongs to.
constexpr const char* kSealed[] = {"settings", "facts", "classes", "items"};
// What a digest of a round covers.
constexpr const char* kRoundQueries[] = {
    ("SELECT strategy, seed, round, budget, labeled, notes FROM rounds "
     "WHERE strategy = ? AND seed = ? AND round = ?"),
    "SELECT * FROM metrics WHERE strategy = ? AND seed = ? AND round = ? ORDER BY position",
    "SELECT * FROM reliability WHERE strategy = ? AND seed = ? AND round = ? ORDER BY stage, bin",
    "SELECT * FROM picks WHERE strategy = ? AND seed = ? AND round = ? ORDER BY rank",
    // No row, no part of the digest: rounds from before hits were kept stay whole.
    "SELECT * FROM hits WHERE strategy = ? AND seed = ? AND round = ?"};

void add_rows(Statement& rows, Sha256& digest) {
  while (rows.step()) {
    for (int column = 0; column < rows.columns(); ++column) rows.add_to(digest, column);
  }
}

std::string digest_of_table(const Database& database, const std::string& table) {
  Statement rows(database, "SELECT * FROM " + table + " ORDER BY 1");
  Sha256 digest;
  add_rows(rows, digest);
  return digest.hex();
}

std::string digest_of_round(const Database& database, const std::string& strategy,
                            std::int64_t seed, std::int64_t round) {
  Sha256 digest;
  for (const char* const query : kRoundQueries) {
    Statement rows(database, query);
    rows.bind(strategy).bind(seed).bind(round);
    add_rows(rows, digest);
  }
  return digest.hex();
}

void seal_round(Database& database, const std::string& strategy, std::int64_t seed,
                std::int64_t round) {
  Statement seal(database,
                 "UPDATE rounds SET digest = ? WHERE strategy = ? AND seed = ? AND round = ?");
  seal.bind(digest_of_round(database, strategy, seed, round)).bind(strategy).bind(seed).bind(round);
  seal.run();
}

/// Journals of version 1, which are read and not raised, have no digests.
bool carries_digests(const Database& database) { return database.pragma("user_version") > 1; }

void seal_header(Database& database) {
  for (const char* const table : kSealed) {
    Statement seal(database, "INSERT OR REPLACE INTO sealed VALUES(?, ?)");
    seal.bind(std::string(table)).bind(digest_of_table(database, table)).run();
  }
}

[[noreturn]] void throw_changed(const Database& database, const std::string& what) {
  throw Error(database.path(),
              what +
                  " is not what was written: the file was changed or damaged. A copy from "
                  "before, or a run with --fresh, is the way on");
}

void write_pairs(Database& database, const std::string& table, const Pairs& pairs) {
  Statement insert(database, "INSERT INTO " + table + " VALUES(?, ?, ?)");
  std::int64_t position = 0;
  for (const auto& [key, value] : pairs) insert.bind(position++).bind(key).bind(value).run();
}

Pairs read_pairs(const Database& database, const std::string& table) {
  Pairs pairs;
  Statement rows(database, "SELECT key, value FROM " + table + " ORDER BY position");
  while (rows.step()) pairs.emplace_back(rows.text(0), rows.text(1));
  return pairs;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) parts.push_back(line);
  return parts;
}

std::string join(const std::vector<std::string>& notes) {
  return fmt::format("{}", fmt::join(notes, "\n"));
}

std::string packed(const std::vector<bool>& bits) {
  std::string bytes((bits.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (bits[i]) bytes[i / 8] = static_cast<char>(bytes[i / 8] | 1 << (i % 8));
  }
  return bytes;
}

std::vector<bool> unpacked(const std::string& bytes, std::size_t count) {
  std::vector<bool> bits(count);
  for (std::size_t i = 0; i < count; ++i) {
    bits[i] = (static_cast<unsigned char>(bytes[i / 8]) >> (i % 8) & 1U) != 0;
  }
  return bits;
}

/// Version 1's columns and per-class rows as rows of `metrics`.
std::string metrics_of_version_1(const std::string& rounds) {
  std::string sql;
  int position = 0;
  for (const char* const column : kColumns1) {
    sql += fmt::format(
        "{}SELECT strategy, seed, round, {} AS position, 'all' AS slice, -1 AS class, '{}' AS "
        "name, {} AS value FROM {}",
        position == 0 ? "" : " UNION ALL ", position, column, column, rounds);
    ++position;
  }
  for (const auto& [name, column] :
       {std::pair("recall", "recall"), std::pair("labels", "labeled")}) {
    sql += fmt::format(
        " UNION ALL SELECT strategy, seed, round, {} + class, 'all', class, '{}', {} FROM "
        "class_results",
        position, name, column);
    position += 100'000;  // beyond any number of classes
  }
  return sql;
}

}  // namespace

void write_header(Database& database, const JournalHeader& header) {
  database.execute(kSharedTables);
  database.execute(kTables2);
  database.execute(kHitsTable);
  database.execute(kTargetsTable);
  database.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                               kApplicationId, kSchemaVersion));
  write_pairs(database, "settings", header.settings);
  Pairs facts = header.facts;
  facts.insert(facts.end(), header.observations.begin(), header.observations.end());
  write_pairs(database, "facts", facts);
  Statement add_class(database, "INSERT INTO classes VALUES(?, ?, ?)");
  for (std::size_t c = 0; c < header.class_names.size(); ++c) {
    add_class.bind(static_cast<std::int64_t>(c))
        .bind(header.class_names[c])
        .bind(static_cast<std::int64_t>(header.pool_class_counts[c]))
        .run();
  }
  Statement add_item(database, "INSERT INTO items VALUES(?, ?)");
  std::int64_t item = 0;
  for (const std::string& id : header.pool_ids) add_item.bind(item++).bind(id).run();
  seal_header(database);
}

JournalHeader read_header(const Database& database) {
  for (const char* const table : kSealed) {
    if (!carries_digests(database)) break;
    Statement sealed(database, "SELECT digest FROM sealed WHERE name = ?");
    sealed.bind(std::string(table));
    if (!sealed.step() || sealed.text(0) != digest_of_table(database, table)) {
      throw_changed(database, fmt::format("its table '{}'", table));
    }
  }
  JournalHeader header;
  header.settings = read_pairs(database, "settings");
  header.facts = read_pairs(database, "facts");
  Statement classes(database, "SELECT name, pool_count FROM classes ORDER BY class");
  while (classes.step()) {
    header.class_names.push_back(classes.text(0));
    header.pool_class_counts.push_back(static_cast<std::uint64_t>(classes.integer(1)));
  }
  return header;
}

void write_round(Database& database, const RoundRecord& record, std::span<const Pick> picks,
                 std::span<const BoughtLabel> labels) {
  const auto seed = static_cast<std::int64_t>(record.seed);
  const auto round = static_cast<std::int64_t>(record.round);
  const auto key = [&](Statement& statement) -> Statement& {
    return statement.bind(record.strategy).bind(seed).bind(round);
  };
  Statement add(database, "INSERT INTO rounds VALUES(?, ?, ?, ?, ?, ?, '')");
  key(add)
      .bind(record.budget)
      .bind(static_cast<std::int64_t>(record.labeled))
      .bind(join(record.notes))
      .run();
  Statement add_metric(database, "INSERT INTO metrics VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  std::int64_t position = 0;
  for (const Metric& metric : record.metrics.rows()) {
    key(add_metric)
        .bind(position++)
        .bind(metric.slice)
        .bind(std::int64_t{metric.cls})
        .bind(metric.name)
        .bind(metric.value)
        .run();
  }
  Statement add_bin(database, "INSERT INTO reliability VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  const std::vector<ReliabilityBin>* const stages[] = {&record.reliability_before,
                                                       &record.reliability_after};
  for (std::int64_t stage = 0; stage < 2; ++stage) {
    std::int64_t bin = 0;
    for (const ReliabilityBin& values : *stages[stage]) {
      key(add_bin)
          .bind(stage)
          .bind(bin++)
          .bind(static_cast<std::int64_t>(values.count))
          .bind(values.confidence)
          .bind(values.accuracy)
          .run();
    }
  }
  Statement add_pick(database, "INSERT INTO picks VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (std::size_t rank = 0; rank < picks.size(); ++rank) {
    key(add_pick)
        .bind(static_cast<std::int64_t>(rank))
        .bind(static_cast<std::int64_t>(picks[rank].row))
        .bind(std::int64_t{labels[rank].cls})
        .bind(static_cast<std::int64_t>(picks[rank].reason))
        .bind(picks[rank].score)
        .bind(picks[rank].inclusion_probability)
        .run();
  }
  // An item's target is one, whoever buys it.
  Statement add_target(database, "INSERT OR IGNORE INTO targets VALUES(?, ?, ?)");
  for (std::size_t rank = 0; rank < picks.size(); ++rank) {
    const std::string& target = labels[rank].target;
    if (target.empty()) continue;
    add_target.bind(static_cast<std::int64_t>(picks[rank].row))
        .bind(target)
        .bind(Sha256().update(target).hex())
        .run();
  }
  if (!record.hits.empty()) {
    Statement add_hits(database, "INSERT INTO hits VALUES(?, ?, ?, ?, ?)");
    key(add_hits)
        .bind(static_cast<std::int64_t>(record.hits.size()))
        .bind_blob(packed(record.hits))
        .run();
  }
  seal_round(database, record.strategy, seed, round);
}

std::vector<RoundRecord> read_rounds(const Database& database, const std::string& strategy,
                                     std::uint64_t seed) {
  const auto stored_seed = static_cast<std::int64_t>(seed);
  Statement rows(database,
                 "SELECT round, budget, labeled, notes, digest FROM rounds "
                 "WHERE strategy = ? AND seed = ? ORDER BY round");
  Statement metrics(database,
                    "SELECT name, slice, class, value FROM metrics "
                    "WHERE strategy = ? AND seed = ? AND round = ? ORDER BY position");
  Statement bins(database,
                 "SELECT stage, count, confidence, accuracy FROM reliability "
                 "WHERE strategy = ? AND seed = ? AND round = ? ORDER BY stage, bin");
  Statement hits(database,
                 "SELECT count, bits FROM hits WHERE strategy = ? AND seed = ? AND round = ?");
  const bool has_digests = carries_digests(database);
  std::vector<RoundRecord> records;
  rows.bind(strategy).bind(stored_seed);
  while (rows.step()) {
    const std::int64_t round = rows.integer(0);
    const bool is_changed =
        has_digests && rows.text(4) != digest_of_round(database, strategy, stored_seed, round);
    if (is_changed || round != static_cast<std::int64_t>(records.size())) {
      throw_changed(database, fmt::format("round {} of {} at seed {}", round, strategy, seed));
    }
    RoundRecord& record = records.emplace_back();
    record.strategy = strategy;
    record.seed = seed;
    record.round = static_cast<std::size_t>(round);
    record.budget = rows.real(1);
    record.labeled = static_cast<std::size_t>(rows.integer(2));
    record.notes = lines(rows.text(3));
    metrics.bind(strategy).bind(stored_seed).bind(round);
    while (metrics.step()) {
      record.metrics.add({metrics.text(0), metrics.text(1),
                          static_cast<std::int32_t>(metrics.integer(2)), metrics.real(3)});
    }
    bins.bind(strategy).bind(stored_seed).bind(round);
    while (bins.step()) {
      auto& stage = bins.integer(0) == 0 ? record.reliability_before : record.reliability_after;
      stage.push_back({static_cast<std::uint64_t>(bins.integer(1)), bins.real(2), bins.real(3)});
    }
    hits.bind(strategy).bind(stored_seed).bind(round);
    while (hits.step()) {
      const std::string bytes = hits.text(1);
      const std::int64_t count = hits.integer(0);
      if (count < 0 || bytes.size() != (static_cast<std::size_t>(count) + 7) / 8) {
        throw_changed(database, fmt::format("round {} of {} at seed {}", round, strategy, seed));
      }
      record.hits = unpacked(bytes, static_cast<std::size_t>(count));
    }
  }
  return records;
}

std::vector<std::vector<Pick>> read_round_picks(const Database& database,
                                                const std::string& strategy, std::uint64_t seed) {
  std::vector<std::vector<Pick>> rounds(read_rounds(database, strategy, seed).size());
  Statement rows(database,
                 "SELECT round, item, reason, score, inclusion_probability FROM picks "
                 "WHERE strategy = ? AND seed = ? ORDER BY round, rank");
  rows.bind(strategy).bind(static_cast<std::int64_t>(seed));
  while (rows.step()) {
    const auto round = static_cast<std::size_t>(rows.integer(0));
    if (round >= rounds.size() || rows.integer(1) < 0 || rows.integer(2) < 0 ||
        rows.integer(2) > static_cast<std::int64_t>(Reason::kStrategy)) {
      throw_changed(database, fmt::format("round {} of {} at seed {}", round, strategy, seed));
    }
    rounds[round].push_back({static_cast<Index>(rows.integer(1)),
                             static_cast<Reason>(rows.integer(2)), rows.real(3), rows.real(4)});
  }
  return rounds;
}

std::vector<PickRecord> read_pick_records(const Database& database, const std::string& strategy,
                                          std::uint64_t seed) {
  std::vector<PickRecord> picks;
  Statement rows(database,
                 "SELECT round, rank, items.id, label, reason, score, inclusion_probability "
                 "FROM picks JOIN items USING(item) "
                 "WHERE strategy = ? AND seed = ? ORDER BY round, rank");
  rows.bind(strategy).bind(static_cast<std::int64_t>(seed));
  while (rows.step()) {
    picks.push_back({strategy, seed, static_cast<std::size_t>(rows.integer(0)),
                     static_cast<std::size_t>(rows.integer(1)), rows.text(2),
                     static_cast<std::int32_t>(rows.integer(3)),
                     static_cast<Reason>(rows.integer(4)), rows.real(5), rows.real(6)});
  }
  return picks;
}

std::map<std::string, std::string> read_targets(const Database& database) {
  std::map<std::string, std::string> targets;
  Statement rows(database, "SELECT items.id, target, digest FROM targets JOIN items USING(item)");
  while (rows.step()) {
    std::string target = rows.text(1);
    if (Sha256().update(target).hex() != rows.text(2)) {
      throw_changed(database, "the target of item '" + rows.text(0) + "'");
    }
    targets.emplace(rows.text(0), std::move(target));
  }
  return targets;
}

void write_thumbnail(Database& database, std::size_t item, const std::string& jpeg) {
  Statement add(database, "INSERT OR REPLACE INTO thumbnails VALUES(?, ?, ?)");
  add.bind(static_cast<std::int64_t>(item)).bind_blob(jpeg).bind(Sha256().update(jpeg).hex());
  add.run();
}

std::map<std::string, std::string> read_thumbnails(const Database& database) {
  std::map<std::string, std::string> pictures;
  Statement rows(database, "SELECT items.id, jpeg, digest FROM thumbnails JOIN items USING(item)");
  while (rows.step()) {
    std::string jpeg = rows.text(1);
    if (Sha256().update(jpeg).hex() != rows.text(2)) {
      throw_changed(database, "the picture of item '" + rows.text(0) + "'");
    }
    pictures.emplace(rows.text(0), std::move(jpeg));
  }
  return pictures;
}

void present_as_newest(Database& database, int version) {
  const auto lacks = [&](const char* table) {
    Statement found(database, "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?");
    return !found.bind(std::string(table)).step();
  };
  if (lacks("hits")) {
    database.execute(
        "CREATE TEMP TABLE hits(strategy TEXT, seed INTEGER, round INTEGER, count INTEGER, bits "
        "BLOB)");
  }
  if (lacks("targets")) {
    database.execute("CREATE TEMP TABLE targets(item INTEGER, target TEXT, digest TEXT)");
  }
  if (version != 1) return;
  database.execute("CREATE TEMP VIEW metrics AS " + metrics_of_version_1("main.rounds"));
  database.execute(
      "CREATE TEMP VIEW rounds AS SELECT strategy, seed, round, budget, labeled, notes, '' AS "
      "digest FROM main.rounds; "
      "CREATE TEMP TABLE sealed(name TEXT, digest TEXT); "
      "CREATE TEMP TABLE thumbnails(item INTEGER, jpeg BLOB, digest TEXT)");
}

void migrate(Database& database, int version) {
  database.execute(kHitsTable);
  database.execute(kTargetsTable);
  if (version != 1) return;
  database.execute("ALTER TABLE rounds RENAME TO rounds1");
  database.execute(kTables2);
  database.execute(
      "INSERT INTO rounds SELECT strategy, seed, round, budget, labeled, notes, '' FROM rounds1");
  database.execute("INSERT INTO metrics SELECT * FROM (" + metrics_of_version_1("rounds1") + ")");
  database.execute("DROP TABLE rounds1; DROP TABLE class_results");
  Statement rows(database, "SELECT strategy, seed, round FROM rounds");
  while (rows.step()) seal_round(database, rows.text(0), rows.integer(1), rows.integer(2));
  seal_header(database);
  database.execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion));
}

}  // namespace goldpan
