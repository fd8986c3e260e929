#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <goldpan/core/sha256.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace goldpan {

/// A SQLite connection. Every failure throws Error naming the file and SQLite's reason.
class Database {
 public:
  enum class Mode { kReadOnly, kCreate };

  Database() = default;
  Database(const std::filesystem::path& path, Mode mode);
  ~Database();
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;

  void execute(const std::string& sql);
  /// The value of PRAGMA name, a number.
  std::int64_t pragma(const std::string& name) const;
  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }
  [[noreturn]] void fail(const std::string& doing) const;

 private:
  sqlite3* handle_ = nullptr;
  std::string path_;
};

/// A prepared statement: bind in order, then run() or step through rows.
class Statement {
 public:
  Statement(const Database& database, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::int64_t value);
  Statement& bind(double value);  ///< NaN is stored as NULL, as SQLite would
  Statement& bind(const std::string& value);
  Statement& bind_blob(const std::string& bytes);
  /// Steps to the next row; false at the end, when the statement can be bound anew.
  bool step();
  /// For statements without rows.
  void run() {
    while (step()) {
    }
  }

  std::int64_t integer(int column) const;
  double real(int column) const;       ///< NULL reads as NaN
  std::string text(int column) const;  ///< or the bytes of a blob
  int columns() const;
  /// Adds a column's type and value to a digest.
  void add_to(Sha256& digest, int column) const;

 private:
  const Database& database_;
  sqlite3_stmt* handle_ = nullptr;
  int bound_ = 0;
};

/// BEGIN IMMEDIATE ... COMMIT; rolls back unless commit() was called.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace goldpan
