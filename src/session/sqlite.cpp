#include "session/sqlite.hpp"

#include <limits>
#include <span>
#include <utility>

#include <sqlite3.h>

#include <goldpan/core/error.hpp>

namespace goldpan {

Database::Database(const std::filesystem::path& path, Mode mode) : path_(path.string()) {
  const int flags =
      mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (sqlite3_open_v2(path_.c_str(), &handle_, flags, nullptr) != SQLITE_OK) fail("cannot open");
  sqlite3_busy_timeout(handle_, 10000);
}

Database::~Database() { sqlite3_close_v2(handle_); }

Database::Database(Database&& other) noexcept { *this = std::move(other); }

Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(path_, other.path_);
  return *this;
}

void Database::fail(const std::string& doing) const {
  if (handle_ == nullptr) throw Error(path_, doing + ": no memory");
  std::string reason = sqlite3_errmsg(handle_);
  const int code = sqlite3_errcode(handle_) & 0xFF;
  if (code == SQLITE_IOERR || code == SQLITE_FULL || code == SQLITE_READONLY) {
    reason += "; what was recorded before is kept, and the same command goes on from there";
  }
  throw Error(path_, doing + ": " + reason);
}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail("the journal cannot be used");
  }
}

std::int64_t Database::pragma(const std::string& name) const {
  Statement statement(*this, "PRAGMA " + name);
  return statement.step() ? statement.integer(0) : 0;
}

Statement::Statement(const Database& database, std::string_view sql) : database_(database) {
  if (sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &handle_,
                         nullptr) != SQLITE_OK) {
    database.fail("the journal cannot be used");
  }
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::bind(std::int64_t value) {
  sqlite3_bind_int64(handle_, ++bound_, value);
  return *this;
}

Statement& Statement::bind(double value) {
  sqlite3_bind_double(handle_, ++bound_, value);
  return *this;
}

Statement& Statement::bind(const std::string& value) {
  sqlite3_bind_text(handle_, ++bound_, value.data(), static_cast<int>(value.size()),
                    SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind_blob(const std::string& bytes) {
  sqlite3_bind_blob(handle_, ++bound_, bytes.data(), static_cast<int>(bytes.size()),
                    SQLITE_TRANSIENT);
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(handle_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) database_.fail("the journal cannot be read or written");
  sqlite3_reset(handle_);
  bound_ = 0;
  return false;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

double Statement::real(int column) const {
  if (sqlite3_column_type(handle_, column) == SQLITE_NULL) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return sqlite3_column_double(handle_, column);
}

std::string Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return bytes == nullptr
             ? std::string()
             : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column)));
}

int Statement::columns() const { return sqlite3_column_count(handle_); }

void Statement::add_to(Sha256& digest, int column) const {
  const int type = sqlite3_column_type(handle_, column);
  const auto add = [&](const auto& value) {
    digest.update(std::as_bytes(std::span(&type, 1))).update(std::as_bytes(std::span(&value, 1)));
  };
  switch (type) {
    case SQLITE_INTEGER:
      return add(sqlite3_column_int64(handle_, column));
    case SQLITE_FLOAT:
      return add(sqlite3_column_double(handle_, column));
    case SQLITE_NULL:
      return add(char{0});
    default:
      const std::string value = text(column);
      add(value.size());
      digest.update(value);
  }
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // After a failed write SQLite may have rolled back by itself; a second rollback then only says
  // so.
  if (open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace goldpan
