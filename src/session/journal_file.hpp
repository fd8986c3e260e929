#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "session/sqlite.hpp"

namespace goldpan {

/// What a kind of journal is known by in its SQLite file.
struct JournalFormat {
  int application_id = 0;  ///< PRAGMA application_id. Stable
  int version = 1;         ///< PRAGMA user_version of what is written now
  std::string no_such;     ///< "is no ...; do ...": of a file that is something else
  std::string other;  ///< of a version that is not known, after "is of version 7, expected 1 to 2"
};

/// Throws Error if the file is no journal of this kind, or of a version below 1 or above the
/// format's. Returns its version.
int check_format(const Database& database, const JournalFormat& format);

/// Opens a journal to write to: WAL, and a COMMIT that is on disk when it returns. A new one is
/// made by `create` in one transaction; one that is there is checked, then given to `resume` with
/// its version.
Database open_journal(const std::filesystem::path& path, const JournalFormat& format,
                      const std::function<void(Database&)>& create,
                      const std::function<void(Database&, int version)>& resume);

}  // namespace goldpan
