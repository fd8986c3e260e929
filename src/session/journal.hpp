#pragma once

#include <filesystem>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <goldpan/session/records.hpp>

#include "session/codec.hpp"
#include "session/folder_lock.hpp"
#include "session/sqlite.hpp"

namespace goldpan {

/// The SQLite journal of a run (WAL). A transaction closes each round: after a kill, a round is
/// there whole or not at all. Safe to call from several threads.
class Journal {
 public:
  /// Opens or creates OUT/run.db and takes the lock OUT/run.lock. A journal of an older version is
  /// raised to this one. Throws Error if another process runs on it, if it is damaged, read-only or
  /// of a newer version, or if its header differs from `header`, naming the first differences.
  Journal(const std::filesystem::path& folder, const JournalHeader& header, bool fresh);

  /// The picks of each round that is complete for this strategy and seed, in order. Throws Error
  /// naming a round that is not what was written.
  std::vector<std::vector<Pick>> finished_rounds(const std::string& strategy, std::uint64_t seed);

  /// Writes a round and its picks, labels[i] bought with picks[i], in one transaction. Throws Error
  /// (disk full, say); what was written before stays.
  void add_round(const RoundRecord& record, std::span<const Pick> picks,
                 std::span<const BoughtLabel> labels);

  /// Small pictures of pool rows, in one transaction.
  void add_thumbnails(std::span<const std::pair<Index, std::string>> jpegs);

 private:
  std::mutex mutex_;
  FolderLock lock_;  // before the data base: held until that is closed
  Database database_;
  std::size_t pool_size_;
};

}  // namespace goldpan
