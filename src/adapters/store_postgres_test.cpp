// The PostgreSQL store: the conformance suite of its port, and what is PostgreSQL's own. Needs a server:
// tools/with_postgres.sh COMMAND gives it one; without, these tests are skipped.
#include "adapters/store_postgres.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "adapters/pg_connection.h"
#include "adapters/store_postgres_schema.h"
#include "adapters/store_postgres_under_test.h"
#include "base/uuid.h"

namespace sluice {
namespace {

StoreFactory with(const PostgresOptions& options, const std::string& prepare = "") {
  return [=]() -> std::unique_ptr<StoreUnderTest> {
    if (test_postgres().empty()) return nullptr;
    return make_postgres_under_test(options, prepare);
  };
}

// What docs/postgresql.md says under "Partitions", so that the page is true.
std::string partitioning() {
  std::ifstream page("docs/postgresql.md");
  std::string text((std::istreambuf_iterator<char>(page)), {});
  std::size_t begin = text.find("ALTER TABLE ingested_data RENAME TO"), end = text.find("```", begin);
  return begin == std::string::npos ? "SELECT 'docs/postgresql.md has no section on partitions'::int"
                                    : text.substr(begin, end - begin);
}

INSTANTIATE_TEST_SUITE_P(Postgres, StoreConformance, testing::Values(with({})));
// Every commit by two sessions at once.
INSTANTIATE_TEST_SUITE_P(PostgresLanes, StoreConformance, testing::Values(with({.lane_rows = 0})));
INSTANTIATE_TEST_SUITE_P(PostgresPartitions, StoreConformance, testing::Values(with({}, partitioning())));

class StorePostgres : public testing::Test {
 protected:
  void SetUp() override {
    if (test_postgres().empty()) GTEST_SKIP() << "its server is not there";
    database_ = std::make_unique<PostgresDatabase>();
  }
  std::unique_ptr<Store> open() { return open_store_postgres(database_->url(), {}).value(); }
  Error refused(const std::string& url) {
    auto opened = open_store_postgres(url, {.patience = std::chrono::milliseconds(100)});
    EXPECT_FALSE(opened) << url;
    return opened ? Error{} : opened.error();
  }
  // The test database's URL, for another role and with settings of the session.
  std::string url_as(const std::string& role, const std::string& settings = "") {
    std::string url = database_->url();
    url.replace(url.find("sluice@"), 6, role);
    return settings.empty() ? url : url + "?options=-c%20" + settings;
  }
  // One row, good or bad, through a whole job. A role is made of the test's name, and dropped with its
  // grants.
  Result<CommitReport> run_row(Store& store, std::uint64_t job_number, const std::string& tenant,
                               const std::string& content) {
    NewJob made;
    made.id = test_job_id(job_number);
    made.tenant = tenant;
    made.pipeline = "people";
    made.splits.push_back({.number = 1});
    Job job = TRY(store.jobs().create(made));
    Lease lease = TRY(store.jobs().lease(job.id, 1, "me", std::chrono::hours(1), nullptr));
    WriteSpec spec{.tenant = tenant,
                   .pipeline = "people",
                   .job_id = job.id,
                   .root_job_id = job.id,
                   .job_sequence = job.sequence};
    auto writer = TRY(store.open_writer(spec));
    PreparedBatch batch(RowBatch(std::make_shared<const Columns>(Columns{"value"}), 1));
    PreparedRow row;
    row.row_number = 1;
    row.line = 2;
    row.data = batch.batch.arena().copy("{\"value\":\"" + content + "\"}");
    row.content_hash = Sha256().of(row.data);
    std::ranges::copy(row.content_hash, row.identity.bytes.begin());
    row.identity.size = 32;
    batch.rows.push_back(row);
    batch.rejects.push_back({2, 3, "{}", {{.code = RejectCode::missing_cell, .message = "not there"}}});
    const PreparedBatch* batches[] = {&batch};
    Commit commit{
        .batches = batches, .checkpoint = {{100, 3, 4}, "digest", {}}, .last = true, .end = {}, .raw_of = {}};
    return writer->commit(commit, lease);
  }

  std::unique_ptr<PostgresDatabase> database_;
};

class Role {  // a role of the server's for one test
 public:
  Role(const PostgresDatabase& database, const std::string& kind, const std::string& attributes)
      : name_(kind + "_" + new_uuid().substr(24)), database_(database) {
    database_.query("CREATE ROLE " + name_ + " LOGIN " + attributes);
  }
  ~Role() { database_.query("DROP OWNED BY " + name_ + "; DROP ROLE " + name_); }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  const PostgresDatabase& database_;
};

constexpr const char* kWriterGrants =
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ";

TEST_F(StorePostgres, ManyNodesMayStartAtOnce) {
  std::vector<Result<std::unique_ptr<Store>>> opened(8);
  {
    std::vector<std::jthread> nodes;
    for (auto& at : opened) nodes.emplace_back([&] { at = open_store_postgres(database_->url(), {}); });
  }
  for (auto& at : opened) EXPECT_TRUE(at) << at.error().message;
  EXPECT_EQ(database_->query("SELECT count(*) FROM schema_migrations")[0][0],
            std::to_string(newest_postgres_schema()));
}

TEST_F(StorePostgres, TablesOfANewerSluiceAreLeftAlone) {
  open();
  database_->query("INSERT INTO schema_migrations (version, name) VALUES (9999, 'from the future')");
  Error error = refused(database_->url());
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_NE(error.message.find("newer sluice"), std::string::npos) << error.message;
}

TEST_F(StorePostgres, TablesGoToAVersionAndNeverBack) {
  const std::string& url = database_->url();
  auto reached = [&] { return reached_version(versions_of_store_postgres(url).value()); };
  EXPECT_EQ(reached(), 0);
  EXPECT_TRUE(database_->query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").empty());
  ASSERT_TRUE(migrate_store_postgres(url, 3));
  EXPECT_EQ(reached(), 3);
  const auto back = migrate_store_postgres(url, 2);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().kind, ErrorKind::usage);
  EXPECT_FALSE(migrate_store_postgres(url, newest_postgres_schema() + 1));
  EXPECT_EQ(reached(), 3);
  ASSERT_TRUE(migrate_store_postgres(url, {}));
  EXPECT_EQ(reached(), newest_postgres_schema());
  open();
}

TEST_F(StorePostgres, LookingMakesNothing) {
  auto looked = open_store_postgres(database_->url(), {.read_only = true});
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().kind, ErrorKind::not_found);
  EXPECT_EQ(
      database_->query("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")[0][0],
      "0");
  open();
  EXPECT_TRUE(open_store_postgres(database_->url(), {.read_only = true}));
}

TEST_F(StorePostgres, RefusalsSayWhatToDo) {
  auto expect = [&](const std::string& url, ErrorKind kind, const std::string& part) {
    Error error = refused(url);
    EXPECT_EQ(error.kind, kind) << error.message;
    EXPECT_NE(error.message.find(part), std::string::npos) << error.message;
  };
  expect("postgresql://sluice@127.0.0.1:1/none", ErrorKind::unavailable, "cannot be reached");
  expect(url_as("nobody"), ErrorKind::usage, "user's name");
  expect(test_postgres() + "_none", ErrorKind::usage, "createdb");
  expect(database_->url() + "?sslmode=verify-full", ErrorKind::usage, "sslmode");
  expect(database_->url() + "?colour=blue", ErrorKind::usage, "postgresql://");
  expect(database_->url() + "?target_session_attrs=standby", ErrorKind::usage, "read-write");
  Role stranger(*database_, "stranger", "");
  expect(url_as(stranger.name()), ErrorKind::usage, "docs/postgresql.md");
}

TEST_F(StorePostgres, AWriterNeedsNoMoreThanItsGrants) {
  open();
  Role writer(*database_, "writer", "BYPASSRLS");
  database_->query(kWriterGrants + writer.name());
  auto store = open_store_postgres(url_as(writer.name()), {});
  ASSERT_TRUE(store) << store.error().message;
  auto report = run_row(**store, 1, "default", "a");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->job, counted(1, 0, 0, 1));
  EXPECT_TRUE(report->job_finished);
}

TEST_F(StorePostgres, ARoleUnderRowSecurityWritesAndReadsItsTenantOnly) {
  auto all = open();
  ASSERT_TRUE(run_row(*all, 1, "acme", "theirs"));
  Role writer(*database_, "writer", ""), reader(*database_, "reader", "");
  database_->query(kWriterGrants + writer.name() + "; GRANT SELECT ON ALL TABLES IN SCHEMA public TO " +
                   reader.name());

  auto store = open_store_postgres(url_as(writer.name(), "sluice.tenant%3Dglobex"), {}).value();
  auto report = run_row(*store, 2, "globex", "ours");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->job, counted(1, 0, 0, 1));
  EXPECT_EQ(run_row(*store, 3, "globex", "ours")->batch, counted(0, 0, 1, 1));
  EXPECT_FALSE(run_row(*store, 4, "acme", "not ours")) << "the session is confined to its tenant";
  EXPECT_EQ(store->jobs().get(test_job_id(1)).error().kind, ErrorKind::not_found);

  auto seen = [&](const std::string& settings, const std::string& sql) {
    auto connection = PgConnection::open(url_as(reader.name(), settings)).value();
    return std::string(connection.select(sql)->text(0, 0));
  };
  for (const char* table :
       {"ingested_data", "ingestion_jobs", "validation_errors", "row_outcomes", "ingestion_splits"}) {
    const std::string count = std::string("SELECT count(*) FROM ") + table;
    EXPECT_EQ(seen("sluice.tenant%3Dacme", count), "1") << table;
    EXPECT_EQ(seen("sluice.tenant%3Dnobody", count), "0") << table;
    EXPECT_EQ(seen("", count), "0") << table << ": no tenant named, none seen";
  }
  EXPECT_EQ(database_->query("SELECT count(DISTINCT tenant) FROM ingested_data")[0][0], "2")
      << "the owner sees all";
}

}  // namespace
}  // namespace sluice
