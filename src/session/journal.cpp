#include "session/journal.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

#include "session/journal_file.hpp"
#include "session/schema.hpp"

namespace goldpan {
namespace {

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

/// Settings that older versions did not have, at their standard: a journal without them was made
/// so.
Pairs with_standards(Pairs found, const JournalHeader& header) {
  for (const auto& standard : header.standards) {
    const bool known =
        std::ranges::any_of(found, [&](const auto& p) { return p.first == standard.first; });
    if (!known) found.push_back(standard);
  }
  return found;
}

void verify(const Database& database, const std::filesystem::path& path,
            const JournalHeader& header) {
  const JournalHeader found = read_header(database);
  std::vector<std::string> differences;
  compare(with_standards(found.settings, header), header.settings, differences);
  compare(found.facts, header.facts, differences);
  if (!differences.empty()) {
    throw Error(
        path.string(),
        fmt::format(
            "holds a run with other settings: {}. Give the old ones to resume it, choose another "
            "--out, or --fresh to start over",
            fmt::join(differences, "; ")));
  }
}

Database open(const std::filesystem::path& folder, const JournalHeader& header, bool fresh) {
  const std::filesystem::path path = folder / "run.db";
  if (fresh) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + suffix);
  }
  const JournalFormat format = {
      kApplicationId, kSchemaVersion,
      "is not a Goldpan journal; choose another --out, or --fresh to replace it",
      "; --fresh replaces it"};
  return open_journal(
      path, format, [&](Database& database) { write_header(database, header); },
      [&](Database& database, int version) {
        Transaction transaction(database);
        migrate(database, version);
        transaction.commit();
        verify(database, path, header);
      });
}

}  // namespace

Journal::Journal(const std::filesystem::path& folder, const JournalHeader& header, bool fresh)
    : lock_(folder, "run.lock",
            "another run is using this output folder; wait for it, or choose another --out"),
      database_(open(folder, header, fresh)),
      pool_size_(header.pool_ids.size()) {}

std::vector<std::vector<Pick>> Journal::finished_rounds(const std::string& strategy,
                                                        std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  std::vector<std::vector<Pick>> rounds = read_round_picks(database_, strategy, seed);
  for (const auto& picks : rounds) {
    for (const Pick& pick : picks) {
      if (pick.row < pool_size_) continue;
      throw Error(
          database_.path(),
          fmt::format("names pool row {} of {}: it was changed or damaged", pick.row, pool_size_));
    }
  }
  return rounds;
}

void Journal::add_round(const RoundRecord& record, std::span<const Pick> picks,
                        std::span<const BoughtLabel> labels) {
  const std::lock_guard lock(mutex_);
  Transaction transaction(database_);
  write_round(database_, record, picks, labels);
  transaction.commit();
}

void Journal::add_thumbnails(std::span<const std::pair<Index, std::string>> jpegs) {
  const std::lock_guard lock(mutex_);
  Transaction transaction(database_);
  for (const auto& [row, jpeg] : jpegs) write_thumbnail(database_, row, jpeg);
  transaction.commit();
}

}  // namespace goldpan
