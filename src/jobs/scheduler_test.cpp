// The scheduler on a real store: what is due becomes jobs, each once, whatever happens in between.
#include "jobs/scheduler.h"

#include "jobs/node_test_support.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class SchedulerTest : public NodeTest {
 protected:
  SchedulerTest() { std::ofstream(folder_ / "pipelines" / "people.yaml") << "name: people\n"; }

  // A file that was written an hour ago.
  void put_file(const std::string& key, const std::string& content = "id\n1\n",
                std::chrono::minutes ago = 60min) {
    put_blob(key, content);
    fs::last_write_time(folder_ / "blobs" / key, fs::file_time_type::clock::now() - ago);
  }
  Schedule schedule(const std::string& source, const std::string& id = "s1") {
    return {.id = id,
            .tenant = "default",
            .name = "nightly",
            .pipeline = "people",
            .cron = "0 3 * * *",
            .zone = "Europe/Berlin",
            .source = source,
            .next_run_ms = 1};
  }
  void put(const Schedule& schedule) { ASSERT_TRUE(store_->schedules().put(schedule)); }
  void run(Scheduler& scheduler) {
    auto ran = scheduler.run_due({});
    ASSERT_TRUE(ran) << ran.error().message;
  }
  Schedule stored(const std::string& id = "s1") { return **store_->schedules().get("default", id); }
  std::vector<Job> jobs() { return *store_->jobs().list({.tenant = "default"}, std::nullopt, 1000); }

  Scheduler scheduler_{*service_};
};

TEST_F(SchedulerTest, each_file_below_a_prefix_becomes_a_job_once) {
  put_file("in/a.csv");
  put_file("in/deeper/b.csv");
  std::ofstream(folder_ / "blobs" / "in" / ".c.csv.part") << "id\n1\n";  // by another program
  fs::last_write_time(folder_ / "blobs/in/.c.csv.part", fs::file_time_type::clock::now() - 1h);
  put_file("other/d.csv");
  put_file("in/fresh.csv", "id\n", 0min);
  put(schedule("blob:in/"));
  run(scheduler_);
  auto made = jobs();
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[1].file_name, "a.csv");
  EXPECT_EQ(made[1].blob, "blob:in/a.csv");
  EXPECT_EQ(made[1].pipeline, "people");
  EXPECT_EQ(made[1].created_by, "schedule:s1");
  EXPECT_EQ(made[0].file_name, "b.csv");
  EXPECT_EQ(stored().last_job_id, made[0].id);
  EXPECT_EQ(stored().last_error, "");

  put(schedule("blob:in/"));  // due again
  run(scheduler_);
  EXPECT_EQ(jobs().size(), 2u);
  put(schedule("blob:in/"));
  Scheduler after_a_restart(*service_);
  run(after_a_restart);
  EXPECT_EQ(jobs().size(), 2u);

  put_file("in/a.csv", "id\n1\n2\n", 50min);  // another version of it
  put(schedule("blob:in/"));
  run(scheduler_);
  ASSERT_EQ(jobs().size(), 3u);
  EXPECT_EQ(jobs()[0].file_name, "a.csv");
}

TEST_F(SchedulerTest, a_file_that_is_told_of_becomes_a_job_at_once_and_once) {
  Schedule watching = schedule("blob:in/");
  watching.next_run_ms = 32'503'680'000'000;  // in the year 3000
  put(watching);
  put_file("in/a.csv", "id\n1\n", 0min);
  put_file("out/a.csv");
  for (const char* key : {"in/a.csv", "in/a.csv", "out/a.csv", "in/gone.csv"}) {
    auto told = scheduler_.arrived(key);
    EXPECT_TRUE(told) << told.error().message;
  }
  ASSERT_EQ(jobs().size(), 1u);
  EXPECT_EQ(jobs()[0].blob, "blob:in/a.csv");
  EXPECT_EQ(stored().last_job_id, jobs()[0].id);
  EXPECT_EQ(stored().next_run_ms, watching.next_run_ms);
  Scheduler of_another_node(*service_);
  ASSERT_TRUE(of_another_node.arrived("in/a.csv"));
  EXPECT_EQ(jobs().size(), 1u);
  watching.next_run_ms = 1;  // the look that comes later finds nothing new
  put(watching);
  run(scheduler_);
  EXPECT_EQ(jobs().size(), 1u);
}

TEST_F(SchedulerTest, a_named_file_runs_each_time_and_a_run_counts_once) {
  put_file("in/a.csv");
  put(schedule("blob:in/a.csv"));
  run(scheduler_);
  ASSERT_EQ(jobs().size(), 1u);
  // As if the node had died after the job was made and before the schedule was moved on.
  put(schedule("blob:in/a.csv"));
  Scheduler after_a_restart(*service_);
  run(after_a_restart);
  EXPECT_EQ(jobs().size(), 1u);
  Schedule next_time = schedule("blob:in/a.csv");
  next_time.next_run_ms = 2;
  put(next_time);
  run(scheduler_);
  EXPECT_EQ(jobs().size(), 2u);
}

TEST_F(SchedulerTest, what_was_missed_runs_once) {
  put_file("in/a.csv");
  put(schedule("blob:in/a.csv"));  // due since 1970
  run(scheduler_);
  run(scheduler_);
  EXPECT_EQ(jobs().size(), 1u);
  const std::int64_t now = ms_since_1970(wall_now());
  EXPECT_GT(stored().next_run_ms, now);
  EXPECT_LE(stored().next_run_ms, now + 25 * 3'600'000);
}

TEST_F(SchedulerTest, at_a_time_means_once) {
  put_file("in/a.csv");
  Schedule once = schedule("blob:in/a.csv");
  once.cron = "";
  once.at = "2024-01-01T00:00:00Z";
  put(once);
  run(scheduler_);
  EXPECT_EQ(jobs().size(), 1u);
  EXPECT_EQ(stored().next_run_ms, 0);
}

TEST_F(SchedulerTest, what_cannot_be_run_is_said_and_holds_nothing_up) {
  put_file("in/a.csv");
  put(schedule("blob:in/missing.csv", "s1"));
  Schedule nobody = schedule("blob:in/a.csv", "s2");
  nobody.pipeline = "nobody";
  put(nobody);
  put(schedule("blob:in/a.csv", "s3"));
  run(scheduler_);
  EXPECT_EQ(stored("s1").last_error, "there is no file blob:in/missing.csv.");
  EXPECT_NE(stored("s2").last_error.find("nobody"), std::string::npos);
  EXPECT_EQ(stored("s3").last_error, "");
  EXPECT_EQ(jobs().size(), 1u);
  for (const char* id : {"s1", "s2", "s3"}) EXPECT_GT(stored(id).next_run_ms, 1) << id;
}

TEST_F(SchedulerTest, a_schedule_is_checked_before_it_is_kept) {
  auto error_of = [&](auto change) {
    Schedule made = schedule("blob:in/");
    made.next_run_ms = 0;
    change(made);
    auto ready = prepare_schedule(*service_, made, wall_now());
    return ready ? "next " + std::to_string(made.next_run_ms > 0) : ready.error().message;
  };
  EXPECT_EQ(error_of([](Schedule&) {}), "next 1");
  EXPECT_EQ(error_of([](Schedule& s) { s.at = "2999-01-01T00:00:00Z"; }),
            "a schedule has either a cron or a time (at).");
  EXPECT_EQ(error_of([](Schedule& s) { s.cron = "", s.at = "2999-01-01T00:00:00.500Z"; }), "next 1");
  EXPECT_EQ(error_of([](Schedule& s) { s.cron = "", s.at = "2001-01-01T00:00:00Z"; }),
            "at: 2001-01-01T00:00:00Z is over.");
  EXPECT_NE(error_of([](Schedule& s) { s.cron = "", s.at = "tomorrow"; }).find("is no time"),
            std::string::npos);
  EXPECT_EQ(error_of([](Schedule& s) { s.cron = "0 0 31 2 *"; }), "cron: '0 0 31 2 *' never comes.");
  EXPECT_NE(error_of([](Schedule& s) { s.zone = "Mars/Base"; }).find("no time zone"), std::string::npos);
  EXPECT_NE(error_of([](Schedule& s) { s.pipeline = "nobody"; }).find("nobody"), std::string::npos);
  EXPECT_EQ(error_of([](Schedule& s) { s.tenant = "acme", s.source = "blob:acme/in/", s.pipeline = ""; }),
            "next 1");
  EXPECT_NE(error_of([](Schedule& s) { s.tenant = "acme"; }).find("lie below acme/"), std::string::npos);
  for (const char* source :
       {"in/", "file:/etc/passwd", "blob:", "blob:/etc/", "blob:in/../uploads/", "blob:a//b", "blob:uploads/",
        "blob:resumable/x", "blob:a b", "blob:..", "s3://b/k"})
    EXPECT_EQ(error_of([&](Schedule& s) { s.source = source; }).rfind("source: ", 0), 0u) << source;
}

}  // namespace
}  // namespace sluice
