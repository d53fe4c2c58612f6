// Writers of the PostgreSQL store that get in each other's way, and rows that the database itself refuses.
// Needs a server, as store_postgres_test.cpp does.
#include <gtest/gtest.h>

#include <deque>
#include <latch>
#include <random>
#include <thread>

#include "adapters/pg_connection.h"
#include "adapters/store_postgres.h"
#include "adapters/store_postgres_under_test.h"
#include "base/sha256.h"

namespace sluice {
namespace {

constexpr std::size_t kLaneRows = 40;  // commits below and above it are tried

class PostgresWriters : public StoreConformance {
 protected:
  std::unique_ptr<Store> open() { return database_->open(); }
  std::string url() {
    const std::string server = test_postgres();
    return server.substr(0, server.rfind('/') + 1) + number("SELECT current_database()");
  }
};

INSTANTIATE_TEST_SUITE_P(Postgres, PostgresWriters, testing::Values([]() -> std::unique_ptr<StoreUnderTest> {
                           if (test_postgres().empty()) return nullptr;
                           return make_postgres_under_test({.lane_rows = kLaneRows});
                         }));

TestRow overlapping_row(std::minstd_rand& random, std::uint64_t number) {
  auto pick = [&](int of) { return std::to_string(std::uniform_int_distribution(0, of - 1)(random)); };
  TestRow row{.number = number, .key = pick(150)};
  row.data = "{\"id\":\"" + row.key + "\",\"value\":\"" + pick(3) + "\"}";
  return row;
}

// One process's job: rows that others write as well, in commits of few and of many.
struct OneWriter {
  Job job;
  WriteSpec spec;
  std::map<std::uint64_t, TestRow> rows;
  std::vector<std::string> errors;
};

// What the contract says of the end, whatever ran at once: each identity once; of a key, the highest version.
void expect_serial(StoreUnderTest& database, const std::vector<OneWriter>& writers, const std::string& tenant,
                   const std::function<std::vector<Outcome>(const OneWriter&)>& outcomes) {
  struct Known {
    std::tuple<std::int64_t, std::uint64_t, std::string, std::string> last;  // sequence, number, job, data
    int inserted = 0;
  };
  std::map<std::string, Known> known;
  for (const OneWriter& writer : writers) {
    const std::vector<Outcome> became = outcomes(writer);
    for (const auto& [number, row] : writer.rows) {
      Known& at = known[std::string(identity_of(writer.spec, row).view())];
      at.last = std::max(at.last, {writer.job.sequence, number, writer.job.id, row.data});
      at.inserted += became[number - 1] == Outcome::inserted;
      EXPECT_NE(became[number - 1], Outcome::none) << writer.job.id << " row " << number;
    }
  }
  std::multiset<std::string> wanted, stored;
  const bool by_key = writers.front().spec.identity == IdentityKind::key;
  for (const auto& [identity, at] : known) {
    EXPECT_EQ(at.inserted, 1) << std::get<3>(at.last) << " was inserted so often";
    const auto& [sequence, number, job, data] = at.last;
    wanted.insert(by_key ? data + " " + job + " " + std::to_string(number) : data);
  }
  for (auto& row :
       database.query("SELECT data, job_id, row_number FROM ingested_data WHERE tenant = '" + tenant + "'"))
    stored.insert(by_key ? row[0] + " " + row[1] + " " + row[2] : row[0]);
  EXPECT_EQ(stored, wanted);
}

TEST_P(PostgresWriters, WritersOfTheSameRowsLeaveWhatOneAfterTheOtherWould) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::vector<std::unique_ptr<Store>> stores;
  for (int i = 0; i < 8; ++i) stores.push_back(open());
  for (IdentityKind identity : {IdentityKind::content, IdentityKind::position, IdentityKind::key})
    for (std::size_t count : {2u, 8u}) {
      const std::string tenant = "tenant" + std::to_string(int(identity)) + "-" + std::to_string(count);
      SCOPED_TRACE(tenant);
      std::vector<OneWriter> writers(count);
      for (OneWriter& writer : writers) {
        NewJob made = new_job();
        made.tenant = tenant;
        writer.job = jobs().create(made).value();
        writer.spec = spec(writer.job, identity,
                           identity == IdentityKind::key ? OnDuplicate::update : OnDuplicate::touch);
      }
      std::latch start(static_cast<std::ptrdiff_t>(count));
      auto work = [&](std::size_t index) {
        OneWriter& mine = writers[index];
        std::minstd_rand random(seed + static_cast<unsigned>(index));
        auto lease = stores[index]->jobs().lease(mine.job.id, 1, "worker", kLong, nullptr);
        auto writer = stores[index]->open_writer(mine.spec);
        start.arrive_and_wait();
        if (!lease || !writer) return mine.errors.push_back("could not begin");
        std::uint64_t next = 1;
        for (int commits = 0; commits < 12; ++commits) {
          std::vector<TestRow> rows;
          for (std::size_t n = std::uniform_int_distribution<std::size_t>(1, 2 * kLaneRows)(random); n > 0;
               --n, ++next)
            mine.rows[next] = rows.emplace_back(overlapping_row(random, next));
          auto done = try_commit(**writer, mine.spec, *lease, rows, commits == 11);
          if (!done) return mine.errors.push_back(done.error().message);
        }
      };
      {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < count; ++i) threads.emplace_back(work, i);
      }
      for (const OneWriter& writer : writers) ASSERT_EQ(writer.errors, std::vector<std::string>());
      expect_serial(*database_, writers, tenant,
                    [&](const OneWriter& writer) { return outcomes(writer.job.id, 1, writer.rows.size()); });
    }
}

// A deadlock costs a second until the server finds it: once each, not with every commit.
TEST_P(PostgresWriters, WritersThatMeetInSmallCommitsGoOneAfterTheOther) {
  constexpr std::size_t kWriters = 8, kCommits = 40;
  const std::string deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
  const int before = std::stoi(number(deadlocks));
  std::vector<Job> made;
  for (std::size_t i = 0; i < kWriters; ++i) made.push_back(create());
  std::vector<std::string> errors(kWriters);
  auto work = [&](std::size_t index) {
    auto store = open();
    const WriteSpec wanted = spec(made[index], IdentityKind::key, OnDuplicate::update);
    auto lease = store->jobs().lease(made[index].id, 1, "worker", kLong, nullptr);
    auto writer = store->open_writer(wanted);
    std::minstd_rand random(static_cast<unsigned>(index));
    for (std::uint64_t commit = 0; commit < kCommits && errors[index].empty(); ++commit) {
      std::vector<TestRow> rows;
      for (std::uint64_t n = 1; n < kLaneRows; ++n) {  // some that are known by now, some that are new to all
        TestRow row = overlapping_row(random, commit * kLaneRows + n);
        row.key = std::to_string(commit * 30 + std::stoull(row.key));
        row.data = "{\"id\":\"" + row.key + "\"}";
        rows.push_back(row);
      }
      auto done = try_commit(**writer, wanted, *lease, rows, commit + 1 == kCommits);
      if (!done) errors[index] = done.error().message;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kWriters; ++i) threads.emplace_back(work, i);
  }
  EXPECT_EQ(errors, std::vector<std::string>(kWriters));
  EXPECT_LE(std::stoi(number(deadlocks)) - before, static_cast<int>(kWriters));
}

TEST_P(PostgresWriters, DeadlocksAndSerializationFailuresAreDoneAgain) {
  for (const char* state : {"40P01", "40001"}) {
    SCOPED_TRACE(state);
    database_->query(
        "CREATE SEQUENCE writes; CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
        "nextval('writes') IN (7, 60, 150) THEN RAISE EXCEPTION 'fault' USING ERRCODE = '" +
        std::string(state) +
        "'; END IF; RETURN NEW; END $$; CREATE TRIGGER fault BEFORE INSERT ON ingested_data FOR EACH ROW "
        "EXECUTE FUNCTION fault()");
    Job job = create();
    WriteSpec position = spec(job, IdentityKind::position);
    std::vector<TestRow> rows;
    for (std::uint64_t number = 1; number <= 3 * kLaneRows; ++number)
      rows.push_back(good(number, std::to_string(number)));
    EXPECT_EQ(run(job, position, rows).job, counted(rows.size(), 0, 0, 0));
    EXPECT_GT(std::stoi(number("SELECT last_value FROM writes")), 150) << "nothing failed";
    database_->query("DROP FUNCTION fault CASCADE; DROP SEQUENCE writes");
  }
}

// Takes the locks of all slots in a session that then stands still, as a process that is paused in its commit
// does.
PgConnection hold_slots(const std::string& url, const std::string& dataset, const std::string& how) {
  auto session = PgConnection::open(url).value();
  auto held = session.execute("BEGIN; SELECT pg_advisory_xact_lock" + how + "(1936487785, " + dataset +
                              " * 8 + slot) FROM generate_series(0, 7) slot");
  EXPECT_TRUE(held) << held.error().message;
  return session;
}

// It is nobody's race: the commits after it go beside others as those before it.
TEST_P(PostgresWriters, RowsThatTheDatabaseRefusesMakeNoCommitGoAlone) {
  database_->query(
      "CREATE TABLE small_only (sluice_id uuid PRIMARY KEY, whole integer CHECK (whole < 1000))");
  Job job = create();
  WriteSpec wanted = spec(job, IdentityKind::content);
  wanted.target = {"small_only", {{"whole", ColumnType::integer}}};
  auto row = [](std::uint64_t number, std::string_view whole) {
    return TestRow{
        .number = number, .data = "{\"n\":" + std::to_string(number) + "}", .typed = {Cell::number(whole)}};
  };
  Lease lease = jobs().lease(job.id, 1, "worker", kLong, nullptr).value();
  auto writes = writer(wanted);
  std::vector<TestRow> refused;  // more than are found one redo at a time
  for (std::uint64_t number = 1; number <= 20; ++number)
    refused.push_back(row(number, number % 2 ? "5000" : "5"));
  EXPECT_EQ(commit(*writes, wanted, lease, refused).job, counted(10, 0, 0, 10));
  // Another commit of few rows is under way, whose process stands still.
  auto paused = hold_slots(url(), number("SELECT id FROM datasets"), "_shared");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(commit(*writes, wanted, lease, {row(21, "1")}).job, counted(11, 0, 0, 10));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15))
      << "it waited for its lock_timeout";
}

TEST_P(PostgresWriters, ASessionThatStandsStillHoldsOthersUpNoLongerThanLockTimeout) {
  auto impatient =
      open_store_postgres(url() + "?options=-c%20lock_timeout%3D200", {.lane_rows = kLaneRows}).value();
  Job job = create();
  const WriteSpec wanted = spec(job, IdentityKind::content);
  Lease lease = jobs().lease(job.id, 1, "worker", kLong, nullptr).value();
  auto writes = impatient->open_writer(wanted).value();
  ASSERT_TRUE(try_commit(*writes, wanted, lease, {good(1, "first")}));
  const std::string dataset = number("SELECT id FROM datasets");
  std::uint64_t next = 2;
  for (const char* how : {"_shared", ""}) {
    auto paused = hold_slots(url(), dataset, how);
    std::vector<TestRow> many;  // such a commit wants its slots for itself
    for (std::size_t n = 0; n < 2 * kLaneRows; ++n, ++next) many.push_back(good(next, std::to_string(next)));
    const auto begin = std::chrono::steady_clock::now();
    auto done = try_commit(*writes, wanted, lease, many);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
  }
  EXPECT_EQ(number("SELECT count(*) FROM ingested_data"), std::to_string(next - 1));
}

// A row of a table that the user made, with rules of its own.
TEST_P(PostgresWriters, RowsThatTheDatabaseRefusesAreRejectsAndTheRestGoesIn) {
  struct Rule {
    const char *name, *sql, *bad_value;
    RejectCode code;
  };
  const std::array rules = {
      Rule{"checked", "CREATE TABLE checked (sluice_id uuid PRIMARY KEY, whole integer CHECK (whole < 1000))",
           "1000", RejectCode::constraint_error},
      Rule{"narrow", "CREATE TABLE narrow (sluice_id uuid PRIMARY KEY, whole integer)", "3000000000",
           RejectCode::type_error},
      Rule{"guarded",
           "CREATE TABLE guarded (sluice_id uuid PRIMARY KEY, whole integer); CREATE FUNCTION guard() "
           "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.whole = 666 THEN RAISE EXCEPTION 'not this "
           "one'; END IF; RETURN NEW; END $$; CREATE TRIGGER guard BEFORE INSERT ON guarded FOR EACH ROW "
           "EXECUTE FUNCTION guard()",
           "666", RejectCode::constraint_error}};
  for (const Rule& rule : rules) {
    database_->query(rule.sql);
    for (std::uint64_t size : {std::uint64_t{30}, std::uint64_t{60}})
      for (std::uint64_t bad : {std::uint64_t{1}, std::uint64_t{10}, size}) {
        SCOPED_TRACE(std::string(rule.name) + ", " + std::to_string(bad) + " of " + std::to_string(size));
        Job job = create();
        WriteSpec wanted = spec(job, IdentityKind::position);
        wanted.target = {rule.name, {{"whole", ColumnType::integer}}};
        std::deque<std::string> texts;
        std::vector<TestRow> rows;
        for (std::uint64_t number = 1; number <= size; ++number) {
          // Spread over the commit: every row whose turn it is among `bad` of `size`.
          const bool refused = number * bad / size != (number - 1) * bad / size;
          texts.push_back(refused ? rule.bad_value : std::to_string(number));
          rows.push_back({.number = number,
                          .data = "{\"whole\":" + texts.back() + "}",
                          .typed = {Cell::number(texts.back())}});
        }
        EXPECT_EQ(run(job, wanted, rows).job, counted(size - bad, 0, 0, bad));
        for (const StoredReject& reject : rejects(job.id)) {
          EXPECT_EQ(texts[reject.row.row_number - 1], rule.bad_value);
          EXPECT_EQ(reject.row.issues.at(0).code, rule.code) << reject.row.issues.at(0).message;
          EXPECT_EQ(reject.row.raw, "raw of " + std::to_string(reject.row.row_number));
        }
        EXPECT_EQ(rejects(job.id).size(), bad);
        EXPECT_EQ(number("SELECT count(*) FROM " + std::string(rule.name) +
                         " t JOIN ingested_data d ON d.id = "
                         "t.sluice_id WHERE d.job_id = '" +
                         job.id + "' AND whole = row_number"),
                  std::to_string(size - bad));
        EXPECT_EQ(number("SELECT count(*) FROM ingested_data WHERE job_id = '" + job.id + "'"),
                  std::to_string(size - bad));
      }
  }
}

// A client that stands still in the middle of a commit holds its split for as long as it likes.
TEST_P(PostgresWriters, TakingALeaseOverEndsTheSessionThatHoldsTheSplit) {
  Job job = create();
  WriteSpec position = spec(job, IdentityKind::position);
  Lease lost = jobs().lease(job.id, 1, "zombie", std::chrono::milliseconds(0), nullptr).value();
  auto rows = std::vector{good(1, "a"), good(2, "b")};

  auto obstacle = PgConnection::open(url()).value();
  ASSERT_TRUE(obstacle.execute("BEGIN; LOCK TABLE row_outcomes IN ACCESS EXCLUSIVE MODE"));
  std::expected<CommitReport, Error> late;
  std::jthread zombie(
      [&, store = open()] { late = try_commit(**store->open_writer(position), position, lost, rows); });
  while (number("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'row_outcomes'::regclass") ==
         "0")
    std::this_thread::yield();

  const auto begin = std::chrono::steady_clock::now();
  auto taken = jobs().lease(job.id, 1, "successor", kLong, nullptr);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  ASSERT_TRUE(taken) << taken.error().message;
  ASSERT_TRUE(obstacle.execute("ROLLBACK"));
  zombie.join();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::conflict) << late.error().message;
  EXPECT_EQ(number("SELECT count(*) FROM ingested_data"), "0");
  EXPECT_EQ(commit(*writer(position), position, *taken, rows, true).job, counted(2, 0, 0, 0));
}

// A new connection costs the server as much as a small job's rows.
TEST_P(PostgresWriters, GoOnWithTheConnectionsOfThoseBeforeThem) {
  const std::string sessions =
      "SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE "
      "datname = current_database() AND backend_type = 'client backend' "
      "AND pid <> pg_backend_pid() AND query NOT LIKE 'LISTEN%'";
  auto write_one = [&](const std::string& content, auto and_then) {
    const Job job = create();
    const WriteSpec content_spec = spec(job);
    const Lease held = lease(job);
    auto one = writer(content_spec);
    EXPECT_EQ(commit(*one, content_spec, held, {good(1, content)}, true).job, counted(1, 0, 0, 0));
    and_then();
  };
  std::string before, after;
  write_one("a", [&] { before = number(sessions); });
  write_one("b", [&] { after = number(sessions); });
  EXPECT_EQ(after, before);
  // One that was cut off while it lay there is in nobody's way.
  number(
      "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = "
      "current_database() "
      "AND pid <> pg_backend_pid()");
  write_one("c", [] {});
  EXPECT_EQ(number("SELECT count(*) FROM ingested_data"), "3");
}

}  // namespace
}  // namespace sluice
