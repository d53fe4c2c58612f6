// A thin layer over libsqlite3: connection, prepared statement, transaction, and SQLite's error codes as
// sentences for a person. Used by the files of store_sqlite only.
// A connection and everything made from it belong to one thread at a time; the owner locks.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice {

enum class SqliteAccess { read_write_create, read_only };

// Statements of a connection that nobody uses at the moment, for whoever prepares the same SQL again: a small
// job runs hundreds, and preparing one takes longer than most of them run. Thread-safe, because a statement
// may be given back by another thread than the one that works on the connection now.
class SqliteIdleStatements {
 public:
  ~SqliteIdleStatements() { close(); }
  sqlite3_stmt* take(std::string_view sql);  // null: there is none
  void give_back(sqlite3_stmt* statement);   // reset, its bindings forgotten
  void close();                              // none is kept any more

 private:
  std::mutex mutex_;
  bool closed_ = false;
  std::vector<sqlite3_stmt*> idle_;  // the one that was used last is last
};

class SqliteConnection {
 public:
  static Result<SqliteConnection> open(const std::string& path, SqliteAccess access, int busy_timeout_ms);

  sqlite3* get() const { return database_.get(); }
  const std::string& path() const { return path_; }
  Result<> execute(const std::string& sql);  // any number of statements, no results
  // What went wrong last on this connection; `code` is the result of the failed call.
  Error error(int code) const;

 private:
  friend class SqliteStatement;
  struct Close {
    std::shared_ptr<SqliteIdleStatements> idle;
    void operator()(sqlite3* database) const {
      idle->close();
      sqlite3_close_v2(database);
    }
  };
  std::shared_ptr<SqliteIdleStatements> idle_ = std::make_shared<SqliteIdleStatements>();
  std::unique_ptr<sqlite3, Close> database_{nullptr, Close{idle_}};
  std::string path_;
};

// A statement prepared once and run many times, and kept by the connection for its next use. Bound text and
// blobs are not copied: they have to live until the statement is bound anew or done. Bindings survive a
// reset.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  static Result<SqliteStatement> prepare(const SqliteConnection& connection, std::string_view sql);

  void bind(int index, std::int64_t value) { sqlite3_bind_int64(get(), index, value); }
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, double value) { sqlite3_bind_double(get(), index, value); }
  void bind(int index, std::string_view text) {
    sqlite3_bind_text64(get(), index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC,
                        SQLITE_UTF8);
  }
  void bind_blob(int index, std::string_view bytes) {
    sqlite3_bind_blob64(get(), index, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_STATIC);
  }
  int parameter(const std::string& name) const {  // index of "$1"; 0 where there is none
    return sqlite3_bind_parameter_index(get(), name.c_str());
  }
  void bind_null(int index) { sqlite3_bind_null(get(), index); }
  void bind_or_null(int index, std::string_view text) {  // "" is NULL
    if (text.empty())
      bind_null(index);
    else
      bind(index, text);
  }

  Result<bool> step() {  // true: there is a row; false: done
    int code = sqlite3_step(get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) [[likely]]
      return false;
    return std::unexpected(failed(code));
  }
  void reset() { sqlite3_reset(get()); }
  Result<> run() {  // to its end, ready for the next time
    int code = sqlite3_step(get());
    if (code != SQLITE_DONE && code != SQLITE_ROW) [[unlikely]]
      return std::unexpected(failed(code));
    sqlite3_reset(get());
    return {};
  }
  // Rows the statement inserted, updated or deleted when it ran last on this connection.
  std::int64_t changes() const { return sqlite3_changes64(sqlite3_db_handle(get())); }

  int columns() const { return sqlite3_column_count(get()); }
  bool is_null(int column) const { return sqlite3_column_type(get(), column) == SQLITE_NULL; }
  bool is_blob(int column) const { return sqlite3_column_type(get(), column) == SQLITE_BLOB; }
  std::int64_t integer(int column) const { return sqlite3_column_int64(get(), column); }
  std::uint64_t whole(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  std::string_view text(int column) const {  // until the next step or reset; "" for NULL
    auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(get(), column));
    return bytes ? std::string_view(bytes, length(column)) : std::string_view();
  }
  std::string_view blob(int column) const {
    auto* bytes = static_cast<const char*>(sqlite3_column_blob(get(), column));
    return bytes ? std::string_view(bytes, length(column)) : std::string_view();
  }

 private:
  struct GiveBack {
    std::shared_ptr<SqliteIdleStatements> idle;
    void operator()(sqlite3_stmt* statement) const { idle->give_back(statement); }
  };
  sqlite3_stmt* get() const { return statement_.get(); }
  std::size_t length(int column) const {
    return static_cast<std::size_t>(sqlite3_column_bytes(get(), column));
  }
  Error failed(int code);

  std::unique_ptr<sqlite3_stmt, GiveBack> statement_;
};

// A write transaction; rolled back unless committed.
class SqliteTransaction {
 public:
  static Result<SqliteTransaction> begin(SqliteConnection& connection);  // BEGIN IMMEDIATE
  SqliteTransaction(SqliteTransaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();
  Result<> commit();

 private:
  explicit SqliteTransaction(SqliteConnection* connection) : connection_(connection) {}
  SqliteConnection* connection_;
};

std::string sqlite_quoted(std::string_view identifier);  // "identifier", quotes doubled
std::int64_t now_ms();                           // the database's clock: SQLite has that of its machine
std::string rfc3339(std::int64_t milliseconds);  // 2026-01-31T09:30:00.125Z

}  // namespace sluice
