// The event log: what its port promises, with events put into the table past the store, because what matters
// is when they are committed. Needs tools/with_postgres.sh for PostgreSQL.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <latch>
#include <random>
#include <set>
#include <thread>

#include "adapters/pg_connection.h"
#include "adapters/store_postgres_under_test.h"
#include "adapters/store_sqlite_under_test.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

enum class Kind { sqlite, postgres };

class EventLogs : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (sqlite())
      database_ = make_sqlite_under_test();
    else if (test_postgres().empty())
      GTEST_SKIP() << "its server is not there";
    else
      database_ = make_postgres_under_test({});
    store_ = database_->open();
    other_ = database_->open();
  }
  bool sqlite() const { return GetParam() == Kind::sqlite; }
  // One event, committed now; `age` is how long ago it is said to have happened.
  void happen(std::uint64_t job, const std::string& type, const std::string& tenant = "acme",
              const std::string& age = "0 seconds") {
    const std::string what = "'" + tenant + "', '" + test_job_id(job) + "', 'people', '" + type + "', ";
    database_->query(
        sqlite() ? "INSERT INTO ingestion_events (id, tenant, job_id, pipeline, type, time, data) VALUES ('" +
                       test_job_id(900) + "', " + what + "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-" + age +
                       "'), '{\"b\":1,\"a\":2}')"
                 : "INSERT INTO ingestion_events (tenant, job_id, pipeline, type, time, data) VALUES (" +
                       what + "clock_timestamp() - interval '" + age + "', '{\"b\":1,\"a\":2}')");
  }
  std::vector<Event> read(const EventFilter& filter, std::uint64_t after = 0, std::size_t limit = 100) {
    EXPECT_TRUE(store_->events().number_new());
    auto events = other_->events().read(filter, after, limit);
    EXPECT_TRUE(events) << events.error().message;
    return events.value_or(std::vector<Event>());
  }
  std::string types(const EventFilter& filter, std::uint64_t after = 0, std::size_t limit = 100) {
    std::string all;
    for (const Event& event : read(filter, after, limit)) all += event.type + " ";
    return all;
  }
  std::string database_url() {  // of PostgreSQL
    const std::string server = test_postgres();
    return server.substr(0, server.rfind('/') + 1) + database_->query("SELECT current_database()")[0][0];
  }
  std::uint64_t newest() { return store_->events().newest().value(); }

  std::unique_ptr<StoreUnderTest> database_;
  std::unique_ptr<Store> store_, other_;
};
INSTANTIATE_TEST_SUITE_P(Both, EventLogs, testing::Values(Kind::sqlite, Kind::postgres),
                         [](const auto& suite) {
                           return suite.param == Kind::sqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(EventLogs, AnEventIsReadAsItHappened) {
  EXPECT_EQ(newest(), 0u);
  EXPECT_TRUE(read({.tenant = "acme"}).empty());
  happen(1, "job.started");
  auto events = read({.tenant = "acme"});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].number, 1u);
  EXPECT_EQ(events[0].id.size(), 36u);
  EXPECT_EQ(events[0].type, "job.started");
  EXPECT_EQ(events[0].tenant, "acme");
  EXPECT_EQ(events[0].job_id, test_job_id(1));
  EXPECT_EQ(events[0].pipeline, "people");
  EXPECT_TRUE(events[0].time.starts_with("20") && events[0].time.ends_with("Z")) << events[0].time;
  EXPECT_EQ(events[0].data, "{\"b\":1,\"a\":2}") << "as it was written";
  EXPECT_EQ(newest(), 1u);
}

TEST_P(EventLogs, EventsAreReadByTenantAndJobInPages) {
  for (std::uint64_t i = 0; i < 6; ++i)
    happen(i % 2, std::string(1, static_cast<char>('a' + i)), i < 4 ? "acme" : "globex");
  EXPECT_EQ(types({.tenant = "acme"}), "a b c d ");
  EXPECT_EQ(types({.tenant = "globex"}), "e f ");
  EXPECT_EQ(types({.tenant = "acme", .job_id = test_job_id(1)}), "b d ");
  EXPECT_EQ(types({.every_tenant = true}), "a b c d e f ");
  EXPECT_EQ(types({}), "") << "no tenant is not every tenant";
  EXPECT_EQ(types({.tenant = "acme", .job_id = "no id"}), "");
  EXPECT_EQ(types({.tenant = "acme"}, 0, 2), "a b ");
  EXPECT_EQ(types({.tenant = "acme"}, 2, 2), "c d ");
  EXPECT_EQ(types({.tenant = "acme"}, 4), "");
  EXPECT_EQ(types({.tenant = "acme"}, 1000), "");
}

TEST_P(EventLogs, OldEventsOfEndedJobsAreRemoved) {
  NewJob open;
  open.id = test_job_id(2);
  open.tenant = "acme";
  open.pipeline = "people";
  open.splits.push_back({.number = 1});
  ASSERT_TRUE(store_->jobs().create(open));
  database_->query("DELETE FROM ingestion_events");  // its own
  for (const char* type : {"a", "b"}) happen(1, type, "acme", "3 hours");
  happen(2, "c", "acme", "3 hours");
  happen(1, "d");
  const std::vector<Event> before = read({.tenant = "acme"});
  ASSERT_EQ(before.size(), 4u);
  ASSERT_TRUE(store_->events().remove_before(std::chrono::hours(4)));
  EXPECT_EQ(types({.tenant = "acme"}), "a b c d ");
  ASSERT_TRUE(store_->events().remove_before(std::chrono::hours(2)));
  EXPECT_EQ(types({.tenant = "acme"}), "c d ") << "what there is, for who begins at the beginning";
  EXPECT_EQ(types({.tenant = "acme"}, before[1].number), "c d ");
  auto missed = store_->events().read({.tenant = "acme"}, before[0].number, 100);
  ASSERT_FALSE(missed) << "b is gone";
  EXPECT_EQ(missed.error().kind, ErrorKind::gone);

  ASSERT_TRUE(store_->jobs().end(open.id, JobStatus::cancelled, ""));
  ASSERT_TRUE(store_->events().number_new());
  const std::uint64_t last = newest();
  ASSERT_TRUE(store_->events().remove_before(milliseconds(-1000)));
  EXPECT_EQ(types({.every_tenant = true}), "");
  EXPECT_EQ(newest(), last) << "a number is not given twice";
  happen(1, "e");
  EXPECT_EQ(types({.tenant = "acme"}, last), "e ");
  EXPECT_EQ(newest(), last + 1);
}

TEST_P(EventLogs, WaitingEndsWithMoreWithTimeOrWithAStop) {
  EXPECT_TRUE(store_->events().wait_for_more(0, milliseconds(5), {}));
  happen(1, "a");
  EXPECT_TRUE(store_->events().wait_for_more(0, std::chrono::hours(1), {}));
  EXPECT_EQ(newest(), 1u);
  std::stop_source stop;
  {
    std::jthread waits(
        [&] { EXPECT_TRUE(store_->events().wait_for_more(1, std::chrono::hours(1), stop.get_token())); });
    stop.request_stop();
  }
  std::latch begun(1);
  {
    std::jthread waits([&] {
      begun.count_down();
      EXPECT_TRUE(store_->events().wait_for_more(1, std::chrono::hours(1), {}));
    });
    begun.wait();
    happen(1, "b");
  }
  EXPECT_EQ(newest(), 2u);
}

// Many transactions that write events and are committed in another order than they began, while several nodes
// number them and one follows.
TEST_P(EventLogs, AFollowerSeesEveryEventOnceAndInRisingOrder) {
  constexpr int kWriters = 4, kTransactions = 40;
  std::atomic<int> written = 0, writing = kWriters;
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < kWriters; ++writer)
    threads.emplace_back([&, writer] {
      std::mt19937 random(static_cast<unsigned>(writer));
      if (sqlite()) {
        for (int i = 0; i < kTransactions; ++i)
          happen(static_cast<std::uint64_t>(writer), std::to_string(i)), ++written;
      } else {
        // Each has two transactions open, the older of which often ends later.
        const std::string url = database_url();
        std::array connections = {PgConnection::open(url).value(), PgConnection::open(url).value()};
        std::array open = {false, false};
        for (int i = 0; i < kTransactions; ++i) {
          const std::size_t at = random() % 2;
          if (!open.at(at)) {
            EXPECT_TRUE(connections.at(at).execute("BEGIN"));
          }
          open.at(at) = true;
          const unsigned events = random() % 3 + 1;
          EXPECT_TRUE(connections.at(at).execute(
              "INSERT INTO ingestion_events (tenant, job_id, pipeline, type, data) SELECT 'acme', '" +
              test_job_id(static_cast<std::uint64_t>(writer)) + "', 'people', '" + std::to_string(i) +
              "', '{}' FROM generate_series(1, " + std::to_string(events) + "); NOTIFY sluice_events"));
          written += static_cast<int>(events);
          if (random() % 3 == 0) {
            EXPECT_TRUE(connections.at(at).execute("COMMIT"));
            open.at(at) = false;
          }
        }
        for (std::size_t at : {1u, 0u})
          if (open.at(at)) {
            EXPECT_TRUE(connections.at(at).execute("COMMIT"));
          }
      }
      --writing;
    });
  std::stop_source done;
  for (Store* node : {store_.get(), other_.get()})
    threads.emplace_back([&, node, stop = done.get_token()] {
      while (!stop.stop_requested()) EXPECT_TRUE(node->events().number_new());
    });

  std::set<std::string> ids;
  std::uint64_t after = 0;
  int seen = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while ((writing > 0 || seen < written) && std::chrono::steady_clock::now() < deadline) {
    ASSERT_TRUE(other_->events().wait_for_more(after, milliseconds(50), {}));
    const auto events = other_->events().read({.tenant = "acme"}, after, 7).value();
    for (const Event& event : events) {
      EXPECT_EQ(event.number, after + 1) << "without a hole";
      if (!sqlite()) {
        EXPECT_TRUE(ids.insert(event.id).second) << "twice";
      }
      after = event.number;
      ++seen;
    }
  }
  done.request_stop();
  threads.clear();
  EXPECT_EQ(seen, written);
  EXPECT_EQ(
      database_->query("SELECT count(*) FROM ingestion_events WHERE number > " + std::to_string(after))[0][0],
      "0");
}

}  // namespace
}  // namespace sluice
