// Conformance: the events of jobs, written in the transaction that makes them true (contract, section 9).
#include <set>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* kNoRows = R"({"read":0,"inserted":0,"updated":0,"duplicate":0,"rejected":0})";

std::string ended(const std::string& type, const std::string& rows, const std::string& error = "") {
  return type + " {\"rows\":" + rows + (error.empty() ? "" : ",\"error\":" + error) + "}";
}

TEST_P(StoreConformance, AJobTellsHowItGoes) {
  NewJob wanted = new_job(2);
  wanted.tenant = "acme";
  Job job = jobs().create(wanted).value();
  EXPECT_EQ(event_texts(job.id), Texts{}) << "nothing has happened yet";
  Lease first = lease(job, 1), second = lease(job, 2);
  const std::string started = ended("job.started", kNoRows);
  EXPECT_EQ(event_texts(job.id), Texts{started}) << "once";
  WriteSpec to = spec(job);
  auto writing = writer(to);
  commit(*writing, to, second, {good(1001, "a"), bad(1002), good(1003, "a")});
  commit(*writing, to, second, {}, true);
  commit(*writing, to, first, {good(7, "a"), good(8, "b")}, true);
  EXPECT_EQ(
      event_texts(job.id),
      (Texts{started,
             R"(rows.processed {"split":2,"firstRow":1001,"lastRow":1003,)"
             R"("rows":{"read":3,"inserted":1,"updated":0,"duplicate":1,"rejected":1},)"
             R"("job":{"read":3,"inserted":1,"updated":0,"duplicate":1,"rejected":1}})",
             R"(rows.processed {"split":1,"firstRow":7,"lastRow":8,)"
             R"("rows":{"read":2,"inserted":1,"updated":0,"duplicate":1,"rejected":0},)"
             R"("job":{"read":5,"inserted":2,"updated":0,"duplicate":2,"rejected":1}})",
             ended("job.completed", R"({"read":5,"inserted":2,"updated":0,"duplicate":2,"rejected":1})")}));
  std::set<std::string> ids;
  for (const auto& row : database_->query("SELECT id, tenant, pipeline FROM ingestion_events")) {
    ids.insert(row[0]);
    EXPECT_EQ(row[0].size(), 36u);
    EXPECT_EQ(row[1], "acme");
    EXPECT_EQ(row[2], "people");
  }
  EXPECT_EQ(ids.size(), 4u) << "each has an id of its own";
}

TEST_P(StoreConformance, ThePlanningStartsTheJob) {
  Job job = jobs().create(new_job(0)).value();
  ASSERT_TRUE(jobs().plan(lease(job, kPlanningSplit), "{}", new_job(1).splits));
  lease(job);
  EXPECT_EQ(event_texts(job.id), Texts{ended("job.started", kNoRows)});
}

TEST_P(StoreConformance, AJobThatEndsOtherwiseSaysSoOnce) {
  Job failed = create(), cancelled = create();
  ASSERT_TRUE(jobs().end(failed.id, JobStatus::failed, "the file \"a\\b\" is gone\n"));
  ASSERT_TRUE(jobs().end(failed.id, JobStatus::cancelled, "late"));
  EXPECT_EQ(event_texts(failed.id), Texts{ended("job.failed", kNoRows, R"("the file \"a\\b\" is gone\n")")});
  lease(cancelled);
  ASSERT_TRUE(jobs().end(cancelled.id, JobStatus::cancelled, ""));
  ASSERT_TRUE(jobs().reopen(cancelled.id));
  lease(cancelled);
  lease(cancelled);
  const std::string started = ended("job.started", kNoRows);
  EXPECT_EQ(event_texts(cancelled.id), (Texts{started, ended("job.cancelled", kNoRows), started}))
      << "and begins again where it was reopened";
}

TEST_P(StoreConformance, TooManyRejectsAreToldBeforeTheEnd) {
  for (bool last : {false, true}) {
    Job job = create();
    WriteSpec to = spec(job);
    to.max_rejects = 0;
    commit(*writer(to), to, lease(job), {bad(1)}, last);
    Texts events = event_texts(job.id);
    ASSERT_EQ(events.size(), 3u) << last;
    EXPECT_EQ(events[1].find("rows.processed {\"split\":1,\"firstRow\":1,\"lastRow\":1,"), 0u) << events[1];
    EXPECT_EQ(events[2].find(
                  R"(job.failed {"rows":{"read":1,"inserted":0,"updated":0,"duplicate":0,"rejected":1},)"),
              0u)
        << events[2];
    EXPECT_NE(events[2].find("max_rejects"), std::string::npos) << events[2];
  }
}

TEST_P(StoreConformance, WhatDidNotHappenIsNotTold) {
  Job job = create();
  WriteSpec to = spec(job);
  auto writing = writer(to);
  Lease held = lease(job);
  database_->fail_at("validation_errors", 2);
  EXPECT_FALSE(try_commit(*writing, to, held, {good(1, "a"), bad(2)}, true));
  database_->heal();
  EXPECT_EQ(event_texts(job.id).size(), 1u);
  ASSERT_TRUE(jobs().release(held));
  EXPECT_FALSE(try_commit(*writing, to, held, {good(1, "a")}, true));
  EXPECT_EQ(event_texts(job.id).size(), 1u);
}

TEST_P(StoreConformance, EventsStayWhenTheirJobIsRemoved) {
  Job job = create();
  run(job, spec(job), {good(1, "a")});
  const Texts before = event_texts(job.id);
  ASSERT_TRUE(jobs().remove(job.id, KeepRows::no, DespiteDuplicates::no));
  EXPECT_EQ(event_texts(job.id), before);
  EXPECT_EQ(before.size(), 3u);
}

TEST_P(StoreConformance, AReaderOutsideKeepsItsPlaceAndOneAtATimeHasIt) {
  using std::chrono::milliseconds;
  const milliseconds hour{3'600'000};
  EventLog& log = store_->events();
  Job before = create();
  ASSERT_TRUE(jobs().end(before.id, JobStatus::cancelled, ""));
  ASSERT_TRUE(log.number_new());
  const std::uint64_t newest = log.newest().value();
  ASSERT_GT(newest, 0u);
  EXPECT_EQ(log.hold_place("a", "one", hour).value(), newest) << "a new reader begins with what comes next";
  EXPECT_EQ(log.hold_place("a", "two", hour).value(), std::nullopt) << "one at a time";
  EXPECT_EQ(log.hold_place("b", "two", hour).value(), newest) << "another reader";
  ASSERT_TRUE(log.move_place("a", "one", newest + 7));
  EXPECT_EQ(log.hold_place("a", "one", milliseconds(0)).value(), newest + 7);
  EXPECT_EQ(log.hold_place("a", "two", hour).value(), newest + 7) << "the hold has run out";
  auto late = log.move_place("a", "one", newest + 9);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::conflict);
  EXPECT_EQ(log.hold_place("a", "two", hour).value(), newest + 7);
}

}  // namespace
}  // namespace sluice
