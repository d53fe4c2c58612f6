// What of the service's jobs is PostgreSQL's own: the sign that an event was written, commits that wait while
// rows of their pipeline are removed, several nodes, roles. Needs a server, as store_postgres_test.cpp does.
#include <gtest/gtest.h>

#include <thread>

#include "adapters/pg_connection.h"
#include "adapters/store_postgres_dataset.h"
#include "adapters/store_postgres_under_test.h"

namespace sluice {
namespace {

class PostgresService : public StoreConformance {
 protected:
  std::string url() {
    const std::string server = test_postgres();
    return server.substr(0, server.rfind('/') + 1) + number("SELECT current_database()");
  }
  // Commits to the dataset wait while this connection lives.
  PgConnection removal_under_way() {
    const auto dataset = static_cast<std::int32_t>(std::stoi(number("SELECT id FROM datasets")));
    PgConnection connection = PgConnection::open(url()).value();
    EXPECT_TRUE(connection.execute("BEGIN; " + lock_postgres_dataset(dataset, PgDatasetLock::alone)));
    return connection;
  }
  void wait_for_a_waiting(const std::string& lock) {
    while (number("SELECT count(*) FROM pg_locks WHERE NOT granted AND " + lock) == "0")
      std::this_thread::yield();
  }
};

StoreFactory with(std::size_t lane_rows) {
  return [=]() -> std::unique_ptr<StoreUnderTest> {
    if (test_postgres().empty()) return nullptr;
    return make_postgres_under_test({.lane_rows = lane_rows});
  };
}
INSTANTIATE_TEST_SUITE_P(Postgres, PostgresService, testing::Values(with(1000)));
INSTANTIATE_TEST_SUITE_P(PostgresLanes, PostgresService, testing::Values(with(0)));

TEST_P(PostgresService, EveryEventWakesWhoListens) {
  auto listener = PgConnection::open(url()).value();
  ASSERT_TRUE(listener.execute("LISTEN sluice_events"));
  auto woken = [&] {
    EXPECT_TRUE(listener.execute("SELECT 1"));
    bool any = false;
    while (PGnotify* notify = PQnotifies(listener.get())) {
      any = any || std::string(notify->relname) == "sluice_events";
      PQfreemem(notify);
    }
    return any;
  };
  Job job = create();
  EXPECT_FALSE(woken()) << "nothing to tell yet";
  WriteSpec to = spec(job);
  auto writing = writer(to);
  Lease held = lease(job);
  EXPECT_TRUE(woken()) << "job.started";
  commit(*writing, to, held, {});
  EXPECT_FALSE(woken()) << "a commit without rows";
  commit(*writing, to, held, {good(1, "a")});
  EXPECT_TRUE(woken()) << "rows.processed";
  commit(*writing, to, held, {}, true);
  EXPECT_TRUE(woken()) << "job.completed";
}

TEST_P(PostgresService, ACommitWaitsWhileRowsOfItsPipelineAreRemoved) {
  Job job = create(), other = create();
  WriteSpec to = spec(job), beside = spec(other);
  beside.pipeline = "others";
  auto writing = writer(to);
  Lease held = lease(job);
  PgConnection removal = removal_under_way();
  EXPECT_EQ(commit(*writer(beside), beside, lease(other), {good(1, "a")}, true).job, counted(1, 0, 0, 0))
      << "another pipeline's does not";
  std::jthread late([&] { commit(*writing, to, held, {good(1, "a"), good(2, "b")}, true); });
  wait_for_a_waiting("locktype = 'advisory'");
  EXPECT_EQ(number("SELECT count(*) FROM ingested_data WHERE pipeline = 'people'"), "0");
  ASSERT_TRUE(removal.execute("COMMIT"));
  late.join();
  EXPECT_EQ(jobs().get(job.id).value().counts, counted(2, 0, 0, 0));
}

TEST_P(PostgresService, ACommitThatHasWaitedTooLongMayBeTriedAgain) {
  Job job = create();
  WriteSpec to = spec(job);
  auto impatient = open_store_postgres(url() + "?options=-c%20lock_timeout%3D50", {}).value();
  auto writing = impatient->open_writer(to).value();
  Lease held = lease(job);
  {
    PgConnection removal = removal_under_way();
    auto refused = try_commit(*writing, to, held, {good(1, "a")}, true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::unavailable) << refused.error().message;
    EXPECT_TRUE(refused.error().retryable);
  }
  EXPECT_EQ(commit(*writing, to, held, {good(1, "a")}, true).job, counted(1, 0, 0, 0));
}

TEST_P(PostgresService, RemovalWaitsForACommitUnderWay) {
  Job first = create(), second = create();
  run(first, spec(first), {good(1, "a"), good(2, "b")});
  WriteSpec to = spec(second, IdentityKind::content, OnDuplicate::skip);
  auto writing = writer(to);
  Lease held = lease(second);
  auto obstacle = PgConnection::open(url()).value();
  ASSERT_TRUE(obstacle.execute("BEGIN; LOCK TABLE row_outcomes IN ACCESS EXCLUSIVE MODE"));
  std::jthread committing([&] { commit(*writing, to, held, {good(1, "a")}); });
  wait_for_a_waiting("relation = 'row_outcomes'::regclass");
  Result<> removed;
  std::jthread removal([&, store = database_->open()] {
    removed = store->jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no);
  });
  wait_for_a_waiting("locktype = 'advisory'");
  ASSERT_TRUE(obstacle.execute("ROLLBACK"));
  committing.join();
  removal.join();
  ASSERT_FALSE(removed) << "the duplicate that was under way counts";
  EXPECT_EQ(removed.error().kind, ErrorKind::conflict) << removed.error().message;
  EXPECT_EQ(number("SELECT count(*) FROM ingested_data"), "2");
}

TEST_P(PostgresService, DueSplitsThatSomebodyHoldsAreLeftForLater) {
  Job one = jobs().create(new_job(0)).value(), two = jobs().create(new_job(0)).value();
  auto holder = PgConnection::open(url()).value();
  ASSERT_TRUE(
      holder.execute("BEGIN; SELECT 1 FROM ingestion_splits WHERE job_id = '" + one.id + "' FOR UPDATE"));
  auto due = jobs().take_due(100, 100, kLong).value();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].job_id, two.id);
  ASSERT_TRUE(holder.execute("ROLLBACK"));
  due = jobs().take_due(100, 100, kLong).value();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].job_id, one.id);
}

TEST_P(PostgresService, ARoleUnderRowSecurityKnowsItsTenantsJobsEventsAndKeysOnly) {
  for (const char* tenant : {"acme", "globex"}) {
    NewJob wanted = new_job();
    wanted.tenant = tenant;
    wanted.idempotency_key = "key";
    lease(jobs().create(wanted).value());
  }
  const std::string role = "reader_" + number("SELECT replace(gen_random_uuid()::text, '-', '')");
  database_->query("CREATE ROLE " + role + " LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role);
  std::string as_role = url();
  as_role.replace(as_role.find("sluice@"), 6, role);
  {
    auto reader = PgConnection::open(as_role + "?options=-c%20sluice.tenant%3Dacme").value();
    for (const char* table : {"ingestion_events", "idempotency_keys"})
      EXPECT_EQ(reader.select(std::string("SELECT string_agg(tenant, ',') FROM ") + table)->text(0, 0),
                "acme")
          << table;
  }
  database_->query("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

// A lane that went before the main one has found duplicates that are in no counter yet.
TEST_P(PostgresService, WhatALaneHasDonePastTheCheckpointKeepsRows) {
  Job first = create(), second = create();
  run(first, spec(first), {good(1, "a")});
  lease(second);
  database_->query("INSERT INTO ingestion_lanes VALUES ('" + second.id + "', 1, 1, 2, 1, '\\x0b')");
  EXPECT_EQ(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no).error().kind, ErrorKind::conflict);
  database_->query("UPDATE ingestion_lanes SET until_row = 1");
  EXPECT_TRUE(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no));
}

}  // namespace
}  // namespace sluice
