#include "session/journal_file.hpp"

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

namespace goldpan {

int check_format(const Database& database, const JournalFormat& format) {
  if (database.pragma("application_id") != format.application_id) {
    throw Error(database.path(), format.no_such);
  }
  const auto version = static_cast<int>(database.pragma("user_version"));
  if (version < 1 || version > format.version) {
    throw Error(database.path(),
                fmt::format("is of version {}, expected {}{}", version,
                            format.version == 1 ? "1" : fmt::format("1 to {}", format.version),
                            format.other));
  }
  return version;
}

Database open_journal(const std::filesystem::path& path, const JournalFormat& format,
                      const std::function<void(Database&)>& create,
                      const std::function<void(Database&, int version)>& resume) {
  Database database(path, Database::Mode::kCreate);
  // A kill while the schema was being written leaves an empty file: nothing to verify or lose.
  if (database.pragma("schema_version") == 0) {
    database.execute("PRAGMA journal_mode = WAL");
    Transaction transaction(database);
    create(database);
    database.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                 format.application_id, format.version));
    transaction.commit();
  } else {
    resume(database, check_format(database, format));
  }
  // What was written is told to somebody after COMMIT, so COMMIT must reach the disk.
  database.execute("PRAGMA synchronous = FULL");
  return database;
}

}  // namespace goldpan
