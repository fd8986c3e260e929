#include "session/journal.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <unistd.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

#include "session/schema.hpp"

namespace goldpan {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::int64_t pragma(const Database& database, const std::string& name) {
  Statement statement(database, "PRAGMA " + name);
  return statement.step() ? statement.integer(0) : 0;
}

int take_lock(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "run.lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) throw Error(path.string(), std::string("cannot write: ") + std::strerror(errno));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    ::close(lock);
    if (reason == EWOULDBLOCK) {
      throw Error(folder.string(),
                  "another run is using this output folder; wait for it, or choose another --out");
    }
    throw Error(path.string(), std::string("cannot lock: ") + std::strerror(reason));
  }
  return lock;
}

void write_pairs(Database& database, const std::string& table, const Pairs& pairs) {
  Statement insert(database, "INSERT INTO " + table + " VALUES(?, ?, ?)");
  std::int64_t position = 0;
  for (const auto& [key, value] : pairs) insert.bind(position++).bind(key).bind(value).run();
}

void create(Database& database, const JournalHeader& header) {
  database.execute("PRAGMA journal_mode = WAL");
  Transaction transaction(database);
  database.execute(kSchema);
  database.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                               kApplicationId, kSchemaVersion));
  write_pairs(database, "settings", header.settings);
  write_pairs(database, "facts", header.facts);
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
  transaction.commit();
}

Pairs read_pairs(const Database& database, const std::string& table) {
  Pairs pairs;
  Statement rows(database, "SELECT key, value FROM " + table + " ORDER BY position");
  while (rows.step()) pairs.emplace_back(rows.text(0), rows.text(1));
  return pairs;
}

void compare(const Pairs& found, const Pairs& wanted, std::vector<std::string>& differences) {
  const auto value_of = [](const Pairs& pairs, const std::string& key) {
    for (const auto& [name, value] : pairs) {
      if (name == key) return "'" + value + "'";
    }
    return std::string("nothing");
  };
  for (const auto& [key, value] : wanted) {
    const std::string old = value_of(found, key);
    if (old != "'" + value + "'") {
      differences.push_back(fmt::format("{} was {} and is now '{}'", key, old, value));
    }
  }
}

void verify(const Database& database, const std::filesystem::path& path,
            const JournalHeader& header) {
  if (pragma(database, "application_id") != kApplicationId) {
    throw Error(path.string(),
                "is not a Goldpan journal; choose another --out, or --fresh to replace it");
  }
  if (const auto version = pragma(database, "user_version"); version != kSchemaVersion) {
    throw Error(path.string(),
                fmt::format("is a journal of schema version {}, expected {}; --fresh replaces it",
                            version, kSchemaVersion));
  }
  std::vector<std::string> differences;
  compare(read_pairs(database, "settings"), header.settings, differences);
  compare(read_pairs(database, "facts"), header.facts, differences);
  if (!differences.empty()) {
    throw Error(
        path.string(),
        fmt::format(
            "holds a run with other settings: {}. Give the old ones to resume it, choose another "
            "--out, or --fresh to start over",
            fmt::join(differences, "; ")));
  }
}

}  // namespace

Journal::Journal(const std::filesystem::path& folder, const JournalHeader& header, bool fresh) {
  make_writable_folder(folder);
  lock_ = take_lock(folder);
  try {
    const std::filesystem::path path = folder / "run.db";
    if (fresh) {
      for (const char* suffix : {"", "-wal", "-shm"}) {
        std::filesystem::remove(path.string() + suffix);
      }
    }
    database_ = Database(path, Database::Mode::kCreate);
    // A kill while the schema was being written leaves an empty file: then there is nothing to
    // verify or lose.
    if (pragma(database_, "schema_version") == 0) {
      create(database_, header);
    } else {
      verify(database_, path, header);
    }
    database_.execute("PRAGMA synchronous = FULL");
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

Journal::~Journal() { ::close(lock_); }

std::vector<std::vector<Pick>> Journal::finished_rounds(const std::string& strategy,
                                                        std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  std::vector<std::vector<Pick>> rounds;
  Statement count(database_, "SELECT count(*) FROM rounds WHERE strategy = ? AND seed = ?");
  count.bind(strategy).bind(static_cast<std::int64_t>(seed)).step();
  rounds.resize(static_cast<std::size_t>(count.integer(0)));
  Statement rows(database_,
                 "SELECT round, item, reason, score, inclusion_probability FROM picks "
                 "WHERE strategy = ? AND seed = ? ORDER BY round, rank");
  rows.bind(strategy).bind(static_cast<std::int64_t>(seed));
  while (rows.step()) {
    rounds.at(static_cast<std::size_t>(rows.integer(0)))
        .push_back({static_cast<Index>(rows.integer(1)), static_cast<Reason>(rows.integer(2)),
                    rows.real(3), rows.real(4)});
  }
  return rounds;
}

void Journal::add_round(const RoundRecord& record, std::span<const Pick> picks,
                        std::span<const std::int32_t> labels) {
  const std::lock_guard lock(mutex_);
  const auto seed = static_cast<std::int64_t>(record.seed);
  const auto round = static_cast<std::int64_t>(record.round);
  const auto key = [&](Statement& statement) -> Statement& {
    return statement.bind(record.strategy).bind(seed).bind(round);
  };
  Transaction transaction(database_);
  Statement add(
      database_,
      "INSERT INTO rounds VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  key(add)
      .bind(record.budget)
      .bind(static_cast<std::int64_t>(record.labeled))
      .bind(record.accuracy)
      .bind(record.balanced_accuracy)
      .bind(record.macro_f1)
      .bind(record.nll)
      .bind(record.temperature)
      .bind(record.ece_before)
      .bind(record.ece_after)
      .bind(record.redundancy)
      .bind(record.redundancy_labeled)
      .bind(record.drift)
      .bind(record.train_seconds)
      .bind(record.score_seconds)
      .bind(record.select_seconds)
      .bind(fmt::format("{}", fmt::join(record.notes, "\n")))
      .run();
  Statement add_class(database_, "INSERT INTO class_results VALUES(?, ?, ?, ?, ?, ?)");
  for (std::size_t c = 0; c < record.recall.size(); ++c) {
    key(add_class)
        .bind(static_cast<std::int64_t>(c))
        .bind(record.recall[c])
        .bind(static_cast<std::int64_t>(record.class_counts[c]))
        .run();
  }
  Statement add_bin(database_, "INSERT INTO reliability VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
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
  Statement add_pick(database_, "INSERT INTO picks VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (std::size_t rank = 0; rank < picks.size(); ++rank) {
    const Pick& pick = picks[rank];
    key(add_pick)
        .bind(static_cast<std::int64_t>(rank))
        .bind(std::int64_t{pick.row})
        .bind(std::int64_t{labels[rank]})
        .bind(static_cast<std::int64_t>(pick.reason))
        .bind(pick.score)
        .bind(pick.inclusion_probability)
        .run();
  }
  transaction.commit();
}

}  // namespace goldpan
