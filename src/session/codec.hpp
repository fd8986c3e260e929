#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/session/records.hpp>

#include "session/sqlite.hpp"

namespace goldpan {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// What a journal belongs to. A journal is resumed only where all of it is equal.
struct JournalHeader {
  Pairs settings;
  /// Facts that numbers depend on ("data_fingerprint", "pool_size", ...) and that a resumed run
  /// must share.
  Pairs facts;
  std::vector<std::string> class_names;
  std::vector<std::uint64_t> pool_class_counts;
  std::vector<std::string> pool_ids;
  /// Settings and their standard values: what a journal from before a setting existed was made
  /// with.
  Pairs standards = {};
  /// Facts that nothing depends on; a resumed journal keeps those that it has.
  Pairs observations = {};
};

/// What was bought with a pick.
struct BoughtLabel {
  std::int32_t cls = -1;  ///< the class that it is mostly, or -1
  std::string target;     ///< as Task::write writes it; empty where the class is all of it
};

// The one place that knows how records lie in a journal: every table is written and read here.

/// Makes the tables of an empty data base and writes the header.
void write_header(Database& database, const JournalHeader& header);
/// Throws Error if the header is not what was written.
JournalHeader read_header(const Database& database);

/// Requires: a transaction is open. labels[i] was bought with picks[i].
void write_round(Database& database, const RoundRecord& record, std::span<const Pick> picks,
                 std::span<const BoughtLabel> labels);
/// The rounds of one strategy at one seed, in order. Throws Error naming a round that is not what
/// was written.
std::vector<RoundRecord> read_rounds(const Database& database, const std::string& strategy,
                                     std::uint64_t seed);
/// The picks of each of these rounds, by number of pool row.
std::vector<std::vector<Pick>> read_round_picks(const Database& database,
                                                const std::string& strategy, std::uint64_t seed);
std::vector<PickRecord> read_pick_records(const Database& database, const std::string& strategy,
                                          std::uint64_t seed);

/// The targets bought, by the item's id, of tasks whose label is more than a class. Throws Error
/// naming one that is not what was written.
std::map<std::string, std::string> read_targets(const Database& database);

void write_thumbnail(Database& database, std::size_t item, const std::string& jpeg);
std::map<std::string, std::string> read_thumbnails(const Database& database);

/// Lets a data base of an older version be read as one of this version, without changing it.
void present_as_newest(Database& database, int version);
/// Raises a data base to this version. Requires: a transaction is open.
void migrate(Database& database, int version);

}  // namespace goldpan
