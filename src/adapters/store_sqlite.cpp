#include "adapters/store_sqlite.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "adapters/sql_queries.h"
#include "adapters/sql_service.h"
#include "adapters/sql_sqlite.h"
#include "adapters/store_sqlite_database.h"
#include "adapters/store_sqlite_jobs.h"
#include "adapters/store_sqlite_rows.h"
#include "adapters/store_sqlite_schema.h"

namespace sluice {
namespace {

// Room for the few pages of a short query.
constexpr std::size_t kReaderCacheBytes = std::size_t{2} << 20;

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(std::unique_ptr<SqliteDatabase> database)
      : database_(std::move(database)),
        jobs_(*database_),
        sql_(*database_),
        queries_(sql_),
        service_(sql_, signals_) {}

  JobStore& jobs() override { return jobs_; }
  QueryStore& queries() override { return queries_; }
  Result<std::unique_ptr<RowWriter>> open_writer(const WriteSpec& spec) override {
    return open_sqlite_row_writer(*database_, spec);
  }

  EventLog& events() override { return service_.events; }
  AggregateStore& aggregates() override { return service_.aggregates; }
  GroupCopies& group_copies() override { return service_.group_copies; }
  KeyStore& keys() override { return service_.keys; }
  AuditLog& audit() override { return service_.audit; }
  ScheduleStore& schedules() override { return service_.schedules; }
  UploadStore& uploads() override { return service_.uploads; }
  DeliveryStore& deliveries() override { return service_.deliveries; }
  JobStatistics& statistics() override { return service_.statistics; }
  RetentionStore& retention() override { return service_.retention; }
  JobQueue& queue() override { return service_.queue; }
  Result<> ready() override { return sql_.ready(); }

 private:
  std::unique_ptr<SqliteDatabase> database_;
  SqliteJobStore jobs_;
  SqliteSql sql_;
  SqlQueryStore queries_;
  SqlSignals signals_;
  SqlService service_;
};

Result<> make_parent_folders(const std::string& path) {
  std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error)
    return fail(ErrorKind::io, "the folder " + parent.string() + " for the database cannot be made: " +
                                   error.message() + ". Make it, or name another store.");
  if (std::filesystem::is_directory(path, error))
    return fail(ErrorKind::usage, path + " is a folder. Name a file for the database, for example " +
                                      (std::filesystem::path(path) / "sluice.db").string() + ".");
  return {};
}

}  // namespace

Result<> set_up_writer(SqliteConnection& connection, const SqliteOptions& options) {
  std::string page = std::to_string(options.page_bytes);
  TRY(connection.execute("PRAGMA page_size = " + page));  // before the first table; later without effect
  TRY(connection.execute("PRAGMA journal_mode = WAL"));
  bool durable = options.durability == SqliteDurability::full;
  TRY(connection.execute(durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF"));
  TRY(connection.execute("PRAGMA cache_size = -" + std::to_string(options.cache_bytes / 1024)));
  TRY(connection.execute("PRAGMA temp_store = MEMORY"));
  TRY(connection.execute("PRAGMA wal_autocheckpoint = " +
                         std::to_string(options.log_bytes / options.page_bytes)));
  // A long reader makes the log grow meanwhile; afterwards it is cut to this again.
  return connection.execute("PRAGMA journal_size_limit = " + std::to_string(2 * options.log_bytes));
}

Result<SqliteConnection> open_reader(const std::string& path, const SqliteOptions& options) {
  auto reader = TRY(SqliteConnection::open(path, SqliteAccess::read_only, options.busy_timeout_ms));
  TRY(reader.execute("PRAGMA cache_size = -" + std::to_string(kReaderCacheBytes / 1024)));
  return reader;
}

namespace {

Result<SqliteConnection> open_existing(const std::string& path, const SqliteOptions& options) {
  std::error_code error;
  auto nothing = [&] { return fail(ErrorKind::not_found, "there is no store in " + path + "."); };
  if (!std::filesystem::is_regular_file(path, error)) return nothing();
  auto connection = TRY(open_reader(path, options));
  if (TRY(look_at_sqlite_file(connection)) == SqliteFile::unused) return nothing();
  return connection;
}

Result<SqliteConnection> try_to_open_or_make(const std::string& path, const SqliteOptions& options,
                                             int until) {
  auto connection =
      TRY(SqliteConnection::open(path, SqliteAccess::read_write_create, options.busy_timeout_ms));
  (void)TRY(look_at_sqlite_file(connection));
  TRY(set_up_writer(connection, options));
  TRY(migrate_sqlite(connection, until));
  return connection;
}

// Two processes that make the same file at once get in each other's way where SQLite does not wait by itself:
// when it changes to the write-ahead log, and when it begins to write after it has read.
Result<SqliteConnection> open_or_make(const std::string& path, const SqliteOptions& options,
                                      int until = newest_sqlite_schema()) {
  TRY(make_parent_folders(path));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(options.busy_timeout_ms);
  for (;;) {
    auto connection = try_to_open_or_make(path, options, until);
    const bool busy = !connection && connection.error().kind == ErrorKind::unavailable;
    if (!busy || std::chrono::steady_clock::now() >= deadline) return connection;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

Result<std::unique_ptr<Store>> open_store_sqlite(const std::string& path, const SqliteOptions& options) {
  if (path.empty()) return fail(ErrorKind::usage, "a SQLite store needs a file: sqlite:./data/sluice.db");
  auto writer = TRY(options.read_only ? open_existing(path, options) : open_or_make(path, options));
  auto reader = TRY(open_reader(path, options));
  return std::make_unique<SqliteStore>(
      std::make_unique<SqliteDatabase>(std::move(writer), std::move(reader), options));
}

Result<std::vector<SchemaVersion>> versions_of_store_sqlite(const std::string& path) {
  auto connection = TRY(open_existing(path, {.read_only = true}));
  return sqlite_schema_versions(connection);
}

Result<> migrate_store_sqlite(const std::string& path, std::optional<int> until) {
  const int wanted = until.value_or(newest_sqlite_schema());
  auto there = versions_of_store_sqlite(path);
  if (!there && there.error().kind != ErrorKind::not_found) return std::unexpected(std::move(there).error());
  TRY(check_way(there ? reached_version(*there) : 0, wanted, newest_sqlite_schema()));
  TRY(open_or_make(path, {}, wanted));
  return {};
}

}  // namespace sluice
