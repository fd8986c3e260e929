#include <cmath>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/session/budgets.hpp>
#include <goldpan/session/records.hpp>

#include "session/codec.hpp"
#include "session/schema.hpp"
#include "session/settings_lists.hpp"

namespace goldpan {
namespace {

Database open_journal(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) {
    throw Error(path.string(), "is missing; `goldpan run` writes it");
  }
  Database database(path, Database::Mode::kReadOnly);
  if (database.pragma("application_id") != kApplicationId) {
    throw Error(path.string(), "is not a Goldpan journal");
  }
  const auto version = static_cast<int>(database.pragma("user_version"));
  if (version < 1 || version > kSchemaVersion) {
    throw Error(path.string(), fmt::format("is a journal of schema version {}, expected 1 to {}",
                                           version, kSchemaVersion));
  }
  present_as_newest(database, version);
  return database;
}

std::string value_of(const Pairs& pairs, const std::string& name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

std::vector<std::uint64_t> RoundRecord::class_counts() const {
  std::vector<std::uint64_t> counts;
  for (const double count : metrics.by_class("labels")) {
    counts.push_back(std::isfinite(count) ? static_cast<std::uint64_t>(count) : 0);
  }
  return counts;
}

std::string Records::fact(const std::string& name) const { return value_of(facts, name); }
std::string Records::setting(const std::string& name) const { return value_of(settings, name); }

Records read_records(const std::filesystem::path& journal) {
  const Database database = open_journal(journal);
  JournalHeader header = read_header(database);
  Records records;
  records.settings = std::move(header.settings);
  records.facts = std::move(header.facts);
  records.class_names = std::move(header.class_names);
  records.pool_class_counts = std::move(header.pool_class_counts);
  records.strategies = split_list(records.setting("protocol.strategies"));
  for (const std::string& seed : split_list(records.setting("protocol.seeds"))) {
    records.seeds.push_back(parse_number<std::uint64_t>("seeds in the journal", seed));
  }
  records.pool_size =
      parse_number<std::size_t>("pool_size in the journal", records.fact("pool_size"));
  std::vector<double> budgets;
  for (const std::string& budget : split_list(records.setting("protocol.budgets"))) {
    budgets.push_back(parse_number<double>("budgets in the journal", budget));
  }
  check_budgets(budgets);
  for (const PoolBudget& budget : budgets_of_pool(budgets, records.pool_size)) {
    records.budgets.push_back(budget.share);
  }
  records.test_size =
      parse_number<std::size_t>("test_size in the journal", records.fact("test_size"));
  for (const std::string& strategy : records.strategies) {
    for (const std::uint64_t seed : records.seeds) {
      for (RoundRecord& round : read_rounds(database, strategy, seed)) {
        records.rounds.push_back(std::move(round));
      }
    }
  }
  return records;
}

std::vector<PickRecord> read_picks(const std::filesystem::path& journal) {
  const Records records = read_records(journal);
  const Database database = open_journal(journal);
  std::vector<PickRecord> picks;
  for (const std::string& strategy : records.strategies) {
    for (const std::uint64_t seed : records.seeds) {
      const std::vector<PickRecord> of_job = read_pick_records(database, strategy, seed);
      picks.insert(picks.end(), of_job.begin(), of_job.end());
    }
  }
  return picks;
}

std::map<std::string, std::string> read_targets(const std::filesystem::path& journal) {
  return read_targets(open_journal(journal));
}

void check_pages(const std::filesystem::path& journal) {
  const Database database = open_journal(journal);
  Statement check(database, "PRAGMA integrity_check(1)");
  if (check.step() && check.text(0) != "ok") {
    throw Error(journal.string(), "is damaged: " + check.text(0));
  }
}

std::map<std::string, std::string> read_thumbnails(const std::filesystem::path& journal) {
  return read_thumbnails(open_journal(journal));
}

}  // namespace goldpan
