#pragma once

#include <filesystem>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/session/records.hpp>

#include "session/sqlite.hpp"

namespace goldpan {

/// What a journal belongs to. A journal is resumed only where all of it is equal.
struct JournalHeader {
  std::vector<std::pair<std::string, std::string>> settings;
  /// Facts that numbers depend on ("data_fingerprint", "pool_size", ...) and that a resumed run
  /// must share.
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::string> class_names;
  std::vector<std::uint64_t> pool_class_counts;
  std::vector<std::string> pool_ids;
};

/// The SQLite journal of a run (WAL). A transaction closes each round: after a kill, a round is
/// there whole or not at all. Safe to call from several threads.
class Journal {
 public:
  /// Opens or creates OUT/run.db and takes the lock OUT/run.lock, which the system frees however
  /// the process ends. Throws Error if another process runs on it, if it is damaged, read-only or
  /// of another schema version, or if its header differs from `header`, naming the first
  /// differences.
  Journal(const std::filesystem::path& folder, const JournalHeader& header, bool fresh);
  ~Journal();

  /// The picks of each round that is complete for this strategy and seed, in order.
  std::vector<std::vector<Pick>> finished_rounds(const std::string& strategy, std::uint64_t seed);

  /// Writes a round and its picks, labels[i] bought with picks[i], in one transaction. Throws Error
  /// (disk full, say); what was written before stays.
  void add_round(const RoundRecord& record, std::span<const Pick> picks,
                 std::span<const std::int32_t> labels);

 private:
  std::mutex mutex_;
  int lock_ = -1;
  Database database_;
};

}  // namespace goldpan
