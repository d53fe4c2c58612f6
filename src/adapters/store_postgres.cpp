#include "adapters/store_postgres.h"

#include "adapters/pg_listener.h"
#include "adapters/pg_pool.h"
#include "adapters/sql_postgres.h"
#include "adapters/sql_queries.h"
#include "adapters/sql_service.h"
#include "adapters/store_postgres_jobs.h"
#include "adapters/store_postgres_rows.h"
#include "adapters/store_postgres_schema.h"

namespace sluice {
namespace {

class PostgresStore final : public Store {
 public:
  PostgresStore(const std::string& url, const PostgresOptions& options)
      : options_(options),
        pool_(url, options.connections, options.patience),
        jobs_(pool_),
        sql_(pool_),
        queries_(sql_),
        signals_(url),
        service_(sql_, signals_) {}

  Result<> prepare() {
    const bool read_only = options_.read_only;
    return pool_.run<void>([read_only](PgConnection& connection) {
      return read_only ? check_postgres_schema(connection) : migrate_postgres(connection);
    });
  }
  JobStore& jobs() override { return jobs_; }
  QueryStore& queries() override { return queries_; }
  Result<std::unique_ptr<RowWriter>> open_writer(const WriteSpec& spec) override {
    return open_postgres_row_writer(pool_, spec, options_);
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
  const PostgresOptions options_;
  PgPool pool_;
  PostgresJobStore jobs_;
  PostgresSql sql_;
  SqlQueryStore queries_;
  PgListener signals_;
  SqlService service_;
};

// The first connection says at once what is wrong with an address or a pooler; a server that is there and
// takes nobody just now is waited for.
Result<> greet(const std::string& url, std::chrono::milliseconds patience) {
  PgBackoff backoff(patience);
  for (;;) {
    PgAnswer answer = PgAnswer::none;
    auto connection = PgConnection::open(url, &answer);
    if (connection) {
      auto transacted = [&]() -> Result<> {
        auto transaction = TRY(PgTransaction::begin(*connection));  // refused by a pooler in statement mode
        return transaction.commit();
      }();
      const bool lost = !transacted && is_connection_fault(*connection, transacted.error());
      if (!lost || !backoff.wait()) return transacted;
    } else if (answer != PgAnswer::not_now || !backoff.wait()) {
      return std::unexpected(std::move(connection).error());
    }
  }
}

}  // namespace

Result<std::unique_ptr<Store>> open_store_postgres(const std::string& url, const PostgresOptions& options) {
  TRY(greet(url, options.patience));
  auto store = std::make_unique<PostgresStore>(url, options);
  TRY(store->prepare());
  return store;
}

Result<std::vector<SchemaVersion>> versions_of_store_postgres(const std::string& url) {
  auto connection = TRY(PgConnection::open(url));
  return postgres_schema_versions(connection);
}

Result<> migrate_store_postgres(const std::string& url, std::optional<int> until) {
  const int wanted = until.value_or(newest_postgres_schema());
  auto connection = TRY(PgConnection::open(url));
  const auto versions = TRY(postgres_schema_versions(connection));
  TRY(check_way(reached_version(versions), wanted, newest_postgres_schema()));
  return migrate_postgres(connection, wanted);
}

}  // namespace sluice
