#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/session/records.hpp>

#include "session/schema.hpp"
#include "session/settings_lists.hpp"
#include "session/sqlite.hpp"

namespace goldpan {
namespace {

Database open_journal(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) {
    throw Error(path.string(), "is missing; `goldpan run` writes it");
  }
  Database database(path, Database::Mode::kReadOnly);
  const auto pragma = [&](const char* name) {
    Statement statement(database, name);
    return statement.step() ? statement.integer(0) : 0;
  };
  if (pragma("PRAGMA application_id") != kApplicationId) {
    throw Error(path.string(), "is not a Goldpan journal");
  }
  if (const auto version = pragma("PRAGMA user_version"); version != kSchemaVersion) {
    throw Error(path.string(), fmt::format("is a journal of schema version {}, expected {}",
                                           version, kSchemaVersion));
  }
  return database;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) parts.push_back(line);
  return parts;
}

std::string value_of(const std::vector<std::pair<std::string, std::string>>& pairs,
                     const std::string& name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return {};
}

void read_rounds(const Database& database, Records& records) {
  Statement rows(
      database,
      "SELECT round, budget, labeled, accuracy, balanced_accuracy, macro_f1, nll, temperature, "
      "ece_before, ece_after, redundancy, redundancy_labeled, drift, train_seconds, "
      "score_seconds, select_seconds, notes "
      "FROM rounds WHERE strategy = ? AND seed = ? ORDER BY round");
  Statement classes(database,
                    "SELECT recall, labeled FROM class_results "
                    "WHERE strategy = ? AND seed = ? AND round = ? ORDER BY class");
  Statement bins(database,
                 "SELECT stage, count, confidence, accuracy FROM reliability "
                 "WHERE strategy = ? AND seed = ? AND round = ? ORDER BY stage, bin");
  for (const std::string& strategy : records.strategies) {
    for (const std::uint64_t seed : records.seeds) {
      const auto stored_seed = static_cast<std::int64_t>(seed);
      rows.bind(strategy).bind(stored_seed);
      while (rows.step()) {
        RoundRecord record;
        record.strategy = strategy;
        record.seed = seed;
        record.round = static_cast<std::size_t>(rows.integer(0));
        record.budget = rows.real(1);
        record.labeled = static_cast<std::size_t>(rows.integer(2));
        double* const values[] = {
            &record.accuracy,      &record.balanced_accuracy, &record.macro_f1,
            &record.nll,           &record.temperature,       &record.ece_before,
            &record.ece_after,     &record.redundancy,        &record.redundancy_labeled,
            &record.drift,         &record.train_seconds,     &record.score_seconds,
            &record.select_seconds};
        int column = 3;
        for (double* const value : values) *value = rows.real(column++);
        record.notes = lines(rows.text(column));
        const auto round = static_cast<std::int64_t>(record.round);
        classes.bind(strategy).bind(stored_seed).bind(round);
        while (classes.step()) {
          record.recall.push_back(classes.real(0));
          record.class_counts.push_back(static_cast<std::uint64_t>(classes.integer(1)));
        }
        bins.bind(strategy).bind(stored_seed).bind(round);
        while (bins.step()) {
          auto& stage = bins.integer(0) == 0 ? record.reliability_before : record.reliability_after;
          stage.push_back(
              {static_cast<std::uint64_t>(bins.integer(1)), bins.real(2), bins.real(3)});
        }
        records.rounds.push_back(std::move(record));
      }
    }
  }
}

}  // namespace

std::string Records::fact(const std::string& name) const { return value_of(facts, name); }
std::string Records::setting(const std::string& name) const { return value_of(settings, name); }

Records read_records(const std::filesystem::path& journal) {
  const Database database = open_journal(journal);
  Records records;
  Statement settings(database, "SELECT key, value FROM settings ORDER BY position");
  while (settings.step()) records.settings.emplace_back(settings.text(0), settings.text(1));
  Statement facts(database, "SELECT key, value FROM facts ORDER BY position");
  while (facts.step()) records.facts.emplace_back(facts.text(0), facts.text(1));
  Statement classes(database, "SELECT name, pool_count FROM classes ORDER BY class");
  while (classes.step()) {
    records.class_names.push_back(classes.text(0));
    records.pool_class_counts.push_back(static_cast<std::uint64_t>(classes.integer(1)));
  }
  records.strategies = split_list(records.setting("protocol.strategies"));
  for (const std::string& budget : split_list(records.setting("protocol.budgets"))) {
    records.budgets.push_back(parse_number<double>("budgets in the journal", budget));
  }
  for (const std::string& seed : split_list(records.setting("protocol.seeds"))) {
    records.seeds.push_back(parse_number<std::uint64_t>("seeds in the journal", seed));
  }
  records.pool_size =
      parse_number<std::size_t>("pool_size in the journal", records.fact("pool_size"));
  records.test_size =
      parse_number<std::size_t>("test_size in the journal", records.fact("test_size"));
  read_rounds(database, records);
  return records;
}

std::vector<PickRecord> read_picks(const std::filesystem::path& journal) {
  const Records records = read_records(journal);
  const Database database = open_journal(journal);
  std::vector<PickRecord> picks;
  Statement rows(database,
                 "SELECT round, rank, items.id, label, reason, score, inclusion_probability "
                 "FROM picks JOIN items USING(item) "
                 "WHERE strategy = ? AND seed = ? ORDER BY round, rank");
  for (const std::string& strategy : records.strategies) {
    for (const std::uint64_t seed : records.seeds) {
      rows.bind(strategy).bind(static_cast<std::int64_t>(seed));
      while (rows.step()) {
        picks.push_back({strategy, seed, static_cast<std::size_t>(rows.integer(0)),
                         static_cast<std::size_t>(rows.integer(1)), rows.text(2),
                         static_cast<std::int32_t>(rows.integer(3)),
                         static_cast<Reason>(rows.integer(4)), rows.real(5), rows.real(6)});
      }
    }
  }
  return picks;
}

}  // namespace goldpan
