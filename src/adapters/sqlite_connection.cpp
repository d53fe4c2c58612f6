#include "adapters/sqlite_connection.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "base/decimal.h"

namespace sluice {
namespace {

constexpr std::size_t kIdleStatements =
    100;  // more than the service has; those made of a pipeline's names differ

// `cause`: the system's error behind it, 0 where there is none.
Error explain(int code, const std::string& path, const std::string& said, int cause) {
  const std::string place = "the database " + path;
  // SQLite calls only ENOSPC full; to a person a quota or a limit on file sizes is the same.
  const bool full = (code & 0xff) == SQLITE_IOERR && (cause == EFBIG || cause == EDQUOT || cause == ENOSPC);
  switch (full ? SQLITE_FULL : code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::unavailable,
              place +
                  " is being written by another process, and did not become free in time. "
                  "Wait until that one is done, then try again.",
              true};
    case SQLITE_FULL:
      return {ErrorKind::io,
              "the disk that holds " + path + " is full" +
                  (full ? std::string(" (") + std::strerror(cause) + ")" : "") +
                  ". Make room and run the same command again: it goes on from the last "
                  "checkpoint.",
              false};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorKind::io,
              place + " cannot be written: the file or its folder is read-only (" + said +
                  "). Give this user the right to write both, or name another store.",
              false};
    case SQLITE_CANTOPEN:
      return {ErrorKind::io,
              place + " cannot be opened (" + std::string(std::strerror(errno)) +
                  "). Check that its folder exists and that this user may read and write it.",
              false};
    case SQLITE_NOTADB:
      return {ErrorKind::usage,
              path + " is not a SQLite database. Name another file, or move this one out of the way.", false};
    case SQLITE_CORRUPT:
      return {ErrorKind::io,
              place + " is damaged (" + said +
                  "). Restore a backup, or save what can be read with `sqlite3 FILE .recover`.",
              false};
    case SQLITE_IOERR:
      return {ErrorKind::io,
              place + " could not be read or written (" + said +
                  (cause != 0 ? std::string(": ") + std::strerror(cause) : "") + "). Check the disk.",
              false};
    case SQLITE_INTERRUPT: return {ErrorKind::cancelled, "the work on " + path + " was interrupted.", false};
    case SQLITE_NOMEM: return {ErrorKind::io, "there was not enough memory to work on " + path + ".", false};
    case SQLITE_TOOBIG:
      return {ErrorKind::io, "a value is larger than SQLite can store (" + path + ").", false};
    default: return {ErrorKind::internal, place + " refused a statement: " + said + ".", false};
  }
}

// sluice_order(JSON): text that sorts, byte by byte, as JSON values do: numbers by their exact values, then
// all else by its characters.
void order_of_json(sqlite3_context* context, int, sqlite3_value** arguments) {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(arguments[0]));
  if (bytes == nullptr) return sqlite3_result_null(context);
  const std::string_view json(bytes, static_cast<std::size_t>(sqlite3_value_bytes(arguments[0])));
  const auto number = is_json_number(json) ? parse_decimal(json) : std::nullopt;
  const std::string key = number ? "1" + sort_key(*number) : "2" + std::string(json);
  sqlite3_result_text64(context, key.data(), key.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

}  // namespace

sqlite3_stmt* SqliteIdleStatements::take(std::string_view sql) {
  std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(idle_, [sql](sqlite3_stmt* statement) { return sqlite3_sql(statement) == sql; });
  if (found == idle_.end()) return nullptr;
  sqlite3_stmt* statement = *found;
  idle_.erase(found);
  return statement;
}

void SqliteIdleStatements::give_back(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  std::lock_guard lock(mutex_);
  if (closed_ || statement == nullptr) {
    sqlite3_finalize(statement);
    return;
  }
  idle_.push_back(statement);
  if (idle_.size() <= kIdleStatements) return;
  sqlite3_finalize(idle_.front());
  idle_.erase(idle_.begin());
}

void SqliteIdleStatements::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  for (sqlite3_stmt* statement : std::exchange(idle_, {})) sqlite3_finalize(statement);
}

Result<SqliteConnection> SqliteConnection::open(const std::string& path, SqliteAccess access,
                                                int busy_timeout_ms) {
  SqliteConnection connection;
  connection.path_ = path;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
              (access == SqliteAccess::read_only ? SQLITE_OPEN_READWRITE
                                                 : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  sqlite3* database = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  connection.database_.reset(database);
  if (code != SQLITE_OK) return std::unexpected(connection.error(code));
  sqlite3_busy_timeout(database, busy_timeout_ms);
  code = sqlite3_create_function_v2(database, "sluice_order", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                                    order_of_json, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(connection.error(code));
  // A reader opens the file for writing, so that it may recover the log of a crashed writer, but writes
  // nothing.
  if (access == SqliteAccess::read_only) TRY(connection.execute("PRAGMA query_only = 1"));
  return connection;
}

Result<> SqliteConnection::execute(const std::string& sql) {
  errno = 0;
  int code = sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error(code));
  return {};
}

Error SqliteConnection::error(int code) const {
  const int last = errno;  // a COMMIT that fails leaves SQLite's own note of it empty
  const int cause = get() ? sqlite3_system_errno(get()) : 0;
  return explain(code, path_, get() ? sqlite3_errmsg(get()) : sqlite3_errstr(code),
                 cause != 0 ? cause : last);
}

Result<SqliteStatement> SqliteStatement::prepare(const SqliteConnection& connection, std::string_view sql) {
  sqlite3_stmt* raw = connection.idle_->take(sql);
  if (raw == nullptr) {
    int code = sqlite3_prepare_v3(connection.get(), sql.data(), static_cast<int>(sql.size()),
                                  SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK) return std::unexpected(connection.error(code));
  }
  SqliteStatement statement;
  statement.statement_ = {raw, GiveBack{connection.idle_}};
  return statement;
}

Error SqliteStatement::failed(int code) {
  sqlite3* database = sqlite3_db_handle(get());
  const char* file = sqlite3_db_filename(database, "main");
  Error error = explain(code, file && *file ? file : "(in memory)", sqlite3_errmsg(database),
                        sqlite3_system_errno(database));
  reset();
  return error;
}

Result<SqliteTransaction> SqliteTransaction::begin(SqliteConnection& connection) {
  TRY(connection.execute("BEGIN IMMEDIATE"));
  return SqliteTransaction(&connection);
}

SqliteTransaction::~SqliteTransaction() {
  // Some errors (disk full, I/O) have rolled back already.
  if (connection_ && !sqlite3_get_autocommit(connection_->get()))
    sqlite3_exec(connection_->get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<> SqliteTransaction::commit() {
  TRY(connection_->execute("COMMIT"));
  connection_ = nullptr;
  return {};
}

std::string sqlite_quoted(std::string_view identifier) {
  std::string quoted = "\"";
  for (char c : identifier) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string rfc3339(std::int64_t milliseconds) {
  std::time_t seconds = milliseconds / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + size, sizeof text - size, ".%03dZ", static_cast<int>(milliseconds % 1000));
  return text;
}

}  // namespace sluice
