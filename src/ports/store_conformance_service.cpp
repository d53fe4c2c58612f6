// Conformance: jobs as a service has them: made without splits and planned later, asked for twice, tried
// again, put off, listed, reopened.
#include <set>
#include <thread>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

using Texts = std::vector<std::string>;
constexpr std::chrono::milliseconds kAtOnce{0};

std::string without_blanks(std::string text) {
  std::erase(text, ' ');
  return text;
}

Texts ids_of(const std::vector<Job>& jobs) {
  Texts ids;
  for (const Job& job : jobs) ids.push_back(job.id);
  return ids;
}

TEST_P(StoreConformance, AJobWithoutSplitsBeginsWithItsPlanning) {
  NewJob wanted = new_job(0);
  wanted.metadata = "{\"from\":[\"é\",1]}";
  wanted.file_sha256 = std::string(64, 'a');
  wanted.content_type = "text/csv";
  wanted.priority = -7;
  jobs().create(wanted).value();
  Job job = database_->open()->jobs().get(wanted.id).value();
  EXPECT_EQ(without_blanks(job.metadata), wanted.metadata);
  EXPECT_EQ(job.file_sha256, wanted.file_sha256);
  EXPECT_EQ(job.content_type, "text/csv");
  EXPECT_EQ(job.priority, -7);
  EXPECT_EQ(job.created_by, "tester");
  auto unplanned = jobs().splits(job.id).value();
  ASSERT_EQ(unplanned.size(), 1u);
  EXPECT_EQ(unplanned[0].number, kPlanningSplit);
  EXPECT_FALSE(unplanned[0].done);

  Lease planning = lease(job, kPlanningSplit);
  EXPECT_EQ(jobs().get(job.id).value().status, JobStatus::processing);
  WriteSpec to = spec(job);
  auto writing = writer(to);
  EXPECT_FALSE(try_commit(*writing, to, planning, {good(1, "a")})) << "planning has no rows";
  auto splits = new_job(2).splits;
  ASSERT_TRUE(jobs().plan(planning, "{\"plan\":2}", splits));
  EXPECT_EQ(jobs().get(job.id).value().plan, "{\"plan\":2}");
  auto planned = jobs().splits(job.id).value();
  ASSERT_EQ(planned.size(), 3u);
  EXPECT_TRUE(planned[0].done);
  EXPECT_EQ(planned[1].begin, splits[0].begin);
  EXPECT_EQ(planned[1].end, splits[0].end);
  EXPECT_EQ(planned[2].begin, splits[1].begin);
  EXPECT_FALSE(planned[2].end);
  EXPECT_EQ(planned[2].checkpoint.position, splits[1].begin);
  EXPECT_EQ(planned[2].checkpoint.digest, to_hex(Sha256().of("")));
  EXPECT_EQ(jobs().lease(job.id, kPlanningSplit, "x", kLong, nullptr).error().kind, ErrorKind::conflict);
  EXPECT_EQ(jobs().heartbeat(planning, kLong).error().kind, ErrorKind::conflict) << "that lease has ended";

  EXPECT_FALSE(commit(*writing, to, lease(job, 2), {good(1001, "a")}, true).job_finished);
  CommitReport last = commit(*writing, to, lease(job, 1), {good(1, "b")}, true);
  EXPECT_TRUE(last.job_finished);
  EXPECT_EQ(last.job, counted(2, 0, 0, 0));
}

TEST_P(StoreConformance, OnlyTheLeaseOfThePlanningPlansAndOnlyOnce) {
  Job job = jobs().create(new_job(0)).value();
  Lease lost = lease(job, kPlanningSplit, "one");
  ASSERT_TRUE(jobs().release(lost));
  Lease planning = lease(job, kPlanningSplit, "two");
  const auto splits = new_job(1).splits, others = new_job(3).splits;
  EXPECT_EQ(jobs().plan(lost, "{\"lost\":1}", splits).error().kind, ErrorKind::conflict);
  EXPECT_EQ(jobs().splits(job.id).value().size(), 1u);
  EXPECT_EQ(jobs().get(job.id).value().plan, "{\"plan\":1}");
  ASSERT_TRUE(jobs().plan(planning, "{\"plan\":2}", splits));
  // Whoever lost the answer asks again.
  EXPECT_TRUE(jobs().plan(planning, "{\"plan\":3}", others));
  EXPECT_EQ(jobs().get(job.id).value().plan, "{\"plan\":2}");
  EXPECT_EQ(jobs().splits(job.id).value().size(), 2u);
  EXPECT_EQ(jobs().plan(lost, "{\"lost\":1}", others).error().kind, ErrorKind::conflict);
  EXPECT_TRUE(run(job, spec(job), {good(1, "a")}).job_finished);

  Job cancelled = jobs().create(new_job(0)).value();
  Lease late = lease(cancelled, kPlanningSplit);
  ASSERT_TRUE(jobs().end(cancelled.id, JobStatus::cancelled, ""));
  EXPECT_EQ(jobs().plan(late, "{}", splits).error().kind, ErrorKind::conflict);
  EXPECT_EQ(jobs().splits(cancelled.id).value().size(), 1u);
}

TEST_P(StoreConformance, AKnownKeyGivesTheJobThatItMade) {
  NewJob wanted = new_job(0);
  wanted.idempotency_key = "k 1";
  wanted.idempotency_digest = "same";
  Job made = jobs().create(wanted).value();
  NewJob again = wanted;
  again.id = test_job_id(next_job_++);
  again.file_name = "other.csv";
  Job answered = database_->open()->jobs().create(again).value();
  EXPECT_EQ(answered.id, made.id);
  EXPECT_EQ(answered.file_name, "people.csv");
  EXPECT_EQ(jobs().get(again.id).error().kind, ErrorKind::not_found) << "and nothing is made";

  again.idempotency_digest = "another";
  auto refused = jobs().create(again);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_FALSE(refused.error().retryable);
  EXPECT_NE(refused.error().message.find("k 1"), std::string::npos) << refused.error().message;
  again.tenant = "other";
  EXPECT_EQ(jobs().create(again).value().id, again.id) << "another tenant's key is another";
  EXPECT_EQ(number("SELECT count(*) FROM ingestion_jobs"), "2");

  NewJob orphan = new_job(0);
  orphan.idempotency_key = "orphan";
  orphan.parent_job_id = test_job_id(999);
  EXPECT_EQ(jobs().create(orphan).error().kind, ErrorKind::not_found);
  orphan.idempotency_key = "k 1";
  orphan.idempotency_digest = "same";
  EXPECT_EQ(jobs().create(orphan).value().id, made.id)
      << "a known key is answered before a parent is looked for";
  orphan.idempotency_key = "orphan";
  orphan.parent_job_id.reset();
  orphan.idempotency_digest = "changed";
  EXPECT_TRUE(jobs().create(orphan)) << "what made no job has used no key";
}

TEST_P(StoreConformance, AKeyOutlivesItsJobByThirtyDays) {
  NewJob wanted = new_job();
  wanted.idempotency_key = "key";
  wanted.idempotency_digest = "same";
  auto again = [&] {
    wanted.id = test_job_id(next_job_++);
    return jobs().create(wanted);
  };
  Job made = jobs().create(wanted).value();
  run(made, spec(made), {good(1, "a")});
  EXPECT_EQ(again().value().id, made.id);
  ASSERT_TRUE(jobs().remove(made.id, KeepRows::yes, DespiteDuplicates::no));
  auto gone = again();
  ASSERT_FALSE(gone) << "no second job, although the first has been removed";
  EXPECT_EQ(gone.error().kind, ErrorKind::gone);
  EXPECT_NE(gone.error().message.find(made.id), std::string::npos) << gone.error().message;
  database_->query("UPDATE idempotency_keys SET job_ended_at = '2020-01-01T00:00:00.000Z'");
  wanted.idempotency_digest = "after the time";
  Job second = again().value();
  EXPECT_EQ(second.id, wanted.id);
  EXPECT_EQ(again().value().id, second.id) << "its job has not ended: the key is kept, however old it is";
  database_->query("UPDATE idempotency_keys SET created_at = '2020-01-01T00:00:00.000Z'");
  EXPECT_EQ(again().value().id, second.id);
  ASSERT_TRUE(jobs().end(second.id, JobStatus::cancelled, ""));
  EXPECT_EQ(again().value().id, second.id);
  database_->query("UPDATE ingestion_jobs SET finished_at = '2020-01-01T00:00:00.000Z'");
  EXPECT_NE(again().value().id, second.id);
}

TEST_P(StoreConformance, ManyRequestsWithOneKeyAtOnceMakeOneJob) {
  auto elsewhere = database_->open();
  std::vector<NewJob> wanted(8, new_job(0));
  std::vector<std::string> made(wanted.size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    wanted[i].id = test_job_id(next_job_++);
    wanted[i].idempotency_key = "key";
    wanted[i].idempotency_digest = "same";
    threads.emplace_back([&, i] {
      auto job = (i % 2 == 0 ? store_ : elsewhere)->jobs().create(wanted[i]);
      made[i] = job ? job->id : job.error().message;
    });
  }
  threads.clear();
  EXPECT_EQ(std::set<std::string>(made.begin(), made.end()).size(), 1u) << made[0] << " " << made[1];
  EXPECT_EQ(number("SELECT count(*) FROM ingestion_jobs"), "1");
  EXPECT_EQ(number("SELECT count(*) FROM ingestion_splits"), "1");
}

TEST_P(StoreConformance, AttemptsAreCountedUntilTheSplitGetsOn) {
  Job job = create();
  WriteSpec to = spec(job);
  auto writing = writer(to);
  auto attempt = [&] { return lease(job).attempt; };
  EXPECT_EQ(attempt(), 1u);
  EXPECT_EQ(attempt(), 2u);
  Lease third = lease(job);
  EXPECT_EQ(third.attempt, 3u);
  commit(*writing, to, third, {good(1, "a")});
  EXPECT_EQ(attempt(), 1u) << "a commit begins the count anew";
  EXPECT_EQ(attempt(), 2u);
  EXPECT_EQ(jobs().get(job.id).value().attempts, 5u) << "all of them";
  EXPECT_EQ(jobs().split_status(job.id).value()[0].attempts, 5u);
}

TEST_P(StoreConformance, WhatIsHandedBackWasNoAttempt) {
  Job job = create(2);
  WriteSpec to = spec(job);
  lease(job, 1, "one");
  Lease second = lease(job, 1, "one");
  EXPECT_EQ(second.attempt, 2u);
  ASSERT_TRUE(jobs().hand_back(second, kAtOnce));
  EXPECT_EQ(jobs().get(job.id).value().attempts, 1u);
  EXPECT_EQ(try_commit(*writer(to), to, second, {good(1, "a")}).error().kind, ErrorKind::conflict);
  EXPECT_TRUE(jobs().hand_back(second, kAtOnce)) << "a lost lease is no error";
  EXPECT_EQ(jobs().get(job.id).value().attempts, 1u) << "and changes nothing";
  Lease again = jobs().lease(job.id, 1, "other", kLong, nullptr).value();
  EXPECT_EQ(again.attempt, 2u);
  commit(*writer(to), to, again, {good(1, "a")});
  ASSERT_TRUE(jobs().hand_back(again, kAtOnce)) << "after a commit";
  EXPECT_EQ(lease(job, 1).attempt, 1u);
}

TEST_P(StoreConformance, WhatIsHandedBackForAWhileIsTakenByNobodyMeanwhile) {
  Job job = create();
  ASSERT_TRUE(jobs().hand_back(lease(job, 1, "one"), kLong));
  auto early = jobs().lease(job.id, 1, "other", kLong, nullptr);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::conflict);
  EXPECT_TRUE(early.error().retryable);
  EXPECT_EQ(jobs().get(job.id).value().attempts, 0u);
}

TEST_P(StoreConformance, MembersOfAnArchiveHaveTheirOwnRootAndAreCountedTogether) {
  const Job archive = create();
  auto member = [&](std::uint64_t size) {
    NewJob wanted = new_job();
    wanted.parent_job_id = archive.id;
    wanted.member = true;
    wanted.file_size = size;
    return wanted;
  };
  EXPECT_EQ(jobs().members(archive.id).value().total(), 0u);
  const Job first = jobs().create(member(100)).value(), second = jobs().create(member(20)).value();
  EXPECT_EQ(first.parent_job_id, archive.id);
  EXPECT_EQ(first.root_job_id, first.id);
  EXPECT_TRUE(is_member(first));
  EXPECT_FALSE(is_member(archive));
  run(first, spec(first, IdentityKind::position), {good(1, "a"), bad(2)});
  EXPECT_EQ(run(second, spec(second, IdentityKind::position), {good(1, "a")}).batch, counted(1, 0, 0, 0))
      << "the first row of each file is another";
  const Job third = jobs().create(member(3)).value();
  ASSERT_TRUE(jobs().end(third.id, JobStatus::failed, "no"));
  const Job fourth = jobs().create(member(4)).value();
  create_child(first.id);  // corrects a member, and is none

  Members members = jobs().members(archive.id).value();
  EXPECT_EQ(members.total(), 4u);
  EXPECT_EQ(members.completed, 2u);
  EXPECT_EQ(members.failed, 1u);
  EXPECT_EQ(members.open(), 1u);
  EXPECT_EQ(members.counts, counted(2, 0, 0, 1));
  EXPECT_EQ(members.file_bytes, 127u);
  EXPECT_EQ(members.completed_bytes, 120u);
  EXPECT_EQ(jobs().members(first.id).value().total(), 0u) << "a resubmission is no member";

  ASSERT_TRUE(jobs().end(archive.id, JobStatus::completed, ""));
  EXPECT_EQ(jobs().get(archive.id).value().status, JobStatus::completed);
  EXPECT_TRUE(jobs().splits(archive.id).value()[0].done);
  auto late = jobs().create(member(5));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::conflict);
  EXPECT_EQ(jobs().remove(archive.id, KeepRows::no, DespiteDuplicates::no).error().kind, ErrorKind::conflict)
      << "a member is still open";
  ASSERT_TRUE(jobs().end(fourth.id, JobStatus::cancelled, ""));
}

TEST_P(StoreConformance, WhatIsPutOffIsTakenByNobodyBeforeItsTime) {
  Job job = create();
  WriteSpec to = spec(job);
  Lease failed = lease(job);
  ASSERT_TRUE(jobs().defer(failed, kLong, "the disk was full"));
  EXPECT_EQ(try_commit(*writer(to), to, failed, {good(1, "a")}).error().kind, ErrorKind::conflict);
  for (const char* owner : {"worker", "other"}) {
    auto early = jobs().lease(job.id, 1, owner, kLong, [](const std::string&) { return true; });
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().kind, ErrorKind::conflict);
    EXPECT_TRUE(early.error().retryable) << "later";
    EXPECT_NE(early.error().message.find("the disk was full"), std::string::npos) << early.error().message;
  }
  SplitStatus status = jobs().split_status(job.id).value()[0];
  EXPECT_EQ(status.last_error, "the disk was full");
  EXPECT_EQ(status.owner, "");
  EXPECT_EQ(status.attempts, 1u);
  EXPECT_EQ(jobs().get(job.id).value().status, JobStatus::processing);

  Job soon = create();
  ASSERT_TRUE(jobs().defer(lease(soon), kAtOnce, "once"));
  Lease second = lease(soon, 1, "other");
  EXPECT_EQ(second.attempt, 2u) << "an attempt that failed counts";
  EXPECT_TRUE(jobs().defer({soon.id, 1, second.epoch - 1, "worker"}, kLong, "late")) << "no error";
  EXPECT_TRUE(jobs().heartbeat(second, kLong)) << "and changes nothing";
  EXPECT_EQ(jobs().split_status(soon.id).value()[0].last_error, "once");
}

TEST_P(StoreConformance, SplitStatusShowsWhoWorksOnIt) {
  Job job = create(3);
  lease(job, 1, "one");
  jobs().lease(job.id, 2, "two", kAtOnce, nullptr).value();
  auto status = jobs().split_status(job.id).value();
  ASSERT_EQ(status.size(), 3u);
  EXPECT_EQ(status[0].split.number, 1u);
  EXPECT_EQ(status[0].owner, "one");
  EXPECT_EQ(status[1].owner, "") << "that lease has run out";
  EXPECT_EQ(status[2].owner, "");
  EXPECT_EQ(status[1].attempts, 1u);
  EXPECT_EQ(status[2].attempts, 0u);
  EXPECT_EQ(status[2].split.begin, new_job(3).splits[2].begin);
  EXPECT_EQ(jobs().split_status("nothing").error().kind, ErrorKind::not_found);
}

TEST_P(StoreConformance, ListGivesATenantsJobsTheNewestFirst) {
  Job first = create(), second = create(), child = create_child(first.id);
  NewJob elsewhere = new_job();
  elsewhere.tenant = "other";
  jobs().create(elsewhere).value();
  NewJob animals = new_job();
  animals.pipeline = "animals";
  Job third = jobs().create(animals).value();
  run(second, spec(second), {good(1, "a"), bad(2)});

  auto list = [&](const JobFilter& filter, std::optional<std::int64_t> before = {}, std::size_t limit = 100) {
    return ids_of(jobs().list(filter, before, limit).value());
  };
  const JobFilter all{.tenant = "default"};
  EXPECT_EQ(list(all), (Texts{third.id, child.id, second.id, first.id}));
  EXPECT_EQ(list(all, {}, 2), (Texts{third.id, child.id}));
  EXPECT_EQ(list(all, child.sequence, 2), (Texts{second.id, first.id}));
  EXPECT_EQ(list({.tenant = "other"}), Texts{elsewhere.id});
  EXPECT_EQ(list({.tenant = "nobody"}), Texts{});
  EXPECT_EQ(list({.tenant = "default", .status = JobStatus::completed}), Texts{second.id});
  EXPECT_EQ(list({.tenant = "default", .pipeline = "animals"}), Texts{third.id});
  EXPECT_EQ(list({.tenant = "default", .parent_job_id = first.id}), Texts{child.id});
  EXPECT_EQ(list({.tenant = "default", .parent_job_id = "nothing"}), Texts{});
  EXPECT_EQ(jobs().list({.tenant = "default", .status = JobStatus::completed}, {}, 1).value()[0].counts,
            counted(1, 0, 0, 1));
}

TEST_P(StoreConformance, ListFindsAFileByAPartOfItsName) {
  auto named = [&](const std::string& name) {
    NewJob job = new_job();
    job.file_name = name;
    return jobs().create(job).value();
  };
  const Job report = named("Report_100%.csv"), zurich = named("Z\u00fcrich report.XLSX"),
            other = named("list.csv");
  auto found = [&](const std::string& part, std::optional<std::int64_t> from = {}) {
    return ids_of(
        jobs().list({.tenant = "default", .file_contains = part, .sequence_from = from}, {}, 9).value());
  };
  EXPECT_EQ(found("REPORT"), (Texts{zurich.id, report.id}));
  EXPECT_EQ(found(".csv"), (Texts{other.id, report.id}));
  EXPECT_EQ(found("Z\u00fcri"), Texts{zurich.id});
  EXPECT_EQ(found("Z\u00dcri"), Texts{}) << "of ASCII alone, on every database";
  EXPECT_EQ(found("0%"), Texts{report.id}) << "a percent sign is one";
  EXPECT_EQ(found("t_1"), Texts{report.id}) << "and an underscore";
  EXPECT_EQ(found("t 1"), Texts{});
  EXPECT_EQ(found("\\"), Texts{});
  EXPECT_EQ(found("report", zurich.sequence), Texts{zurich.id}) << "no older ones";
  EXPECT_EQ(found("", other.sequence), Texts{other.id});
}

TEST_P(StoreConformance, ListGoesByTheTimeOfCreation) {
  Job first = create(), second = create();
  database_->query("UPDATE ingestion_jobs SET created_at = '2026-01-31T09:30:00.125Z' WHERE id = '" +
                   first.id + "'");
  database_->query("UPDATE ingestion_jobs SET created_at = '2026-01-31T09:30:01.000Z' WHERE id = '" +
                   second.id + "'");
  auto list = [&](const std::string& from, const std::string& before) {
    return ids_of(
        jobs().list({.tenant = "default", .created_from = from, .created_before = before}, {}, 9).value());
  };
  EXPECT_EQ(list("2026-01-31T09:30:00Z", ""), (Texts{second.id, first.id})) << "however it is written";
  EXPECT_EQ(list("2026-01-31T10:30:00.125+01:00", ""), (Texts{second.id, first.id})) << "from is in";
  EXPECT_EQ(list("2026-01-31T09:30:00.126Z", ""), Texts{second.id});
  EXPECT_EQ(list("", "2026-01-31T09:30:01Z"), Texts{first.id}) << "before is not";
  EXPECT_EQ(list("2026-01-31T09:30:01Z", "2026-01-31T09:30:01Z"), Texts{});
  auto refused = jobs().list({.tenant = "default", .created_from = "someday"}, {}, 9);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_NE(refused.error().message.find("someday"), std::string::npos);
}

TEST_P(StoreConformance, AReopenedJobGoesOnAtItsCheckpoints) {
  Job job = jobs().create(new_job(0)).value();
  ASSERT_TRUE(jobs().plan(lease(job, kPlanningSplit), "{}", new_job(2).splits));
  WriteSpec to = spec(job);
  to.unique_constraints = {"value"};
  auto row = [](std::uint64_t number, const std::string& value) {
    TestRow made = good(number, value);
    made.unique = {value.substr(0, 1)};
    return made;
  };
  auto writing = writer(to);
  commit(*writing, to, lease(job, 1), {row(1, "a")}, true);
  Lease second = lease(job, 2);
  commit(*writing, to, second, {row(1001, "b")});
  ASSERT_TRUE(jobs().defer(second, kLong, "no"));
  EXPECT_EQ(jobs().reopen(job.id).error().kind, ErrorKind::conflict) << "it has not ended";
  ASSERT_TRUE(jobs().end(job.id, JobStatus::failed, "no more"));
  ASSERT_TRUE(jobs().reopen(job.id));
  EXPECT_EQ(jobs().reopen(job.id).error().kind, ErrorKind::conflict) << "it is open";

  Job open = jobs().get(job.id).value();
  EXPECT_EQ(open.status, JobStatus::pending);
  EXPECT_EQ(open.error + open.finished_at, "");
  EXPECT_EQ(open.attempts, 0u);
  EXPECT_EQ(open.counts, counted(2, 0, 0, 0));
  EXPECT_EQ(jobs().heartbeat(second, kLong).error().kind, ErrorKind::conflict);
  EXPECT_EQ(jobs().splits(job.id).value()[2].checkpoint.position, (Position{100'200, 1002, 1003}));
  Lease again = lease(job, 2);
  EXPECT_EQ(again.attempt, 1u);
  // What the rows of before hold of unique values is still theirs.
  CommitReport last = commit(*writing, to, again, {row(1002, "ax"), row(1003, "by"), row(1004, "c")}, true);
  EXPECT_EQ(last.batch, counted(1, 0, 0, 2));
  EXPECT_TRUE(last.job_finished);
  EXPECT_EQ(jobs().reopen(job.id).error().kind, ErrorKind::conflict) << "it is COMPLETED";
  EXPECT_EQ(jobs().reopen("nothing").error().kind, ErrorKind::not_found);
  EXPECT_EQ(number("SELECT count(*) FROM job_unique_values"), "0");
}

TEST_P(StoreConformance, ACancelledJobIsReopenedBeforeItWasPlanned) {
  Job job = jobs().create(new_job(0)).value();
  ASSERT_TRUE(jobs().end(job.id, JobStatus::cancelled, ""));
  ASSERT_TRUE(jobs().reopen(job.id));
  ASSERT_TRUE(jobs().plan(lease(job, kPlanningSplit), "{}", new_job(1).splits));
  EXPECT_TRUE(run(job, spec(job), {good(1, "a")}).job_finished);
}

TEST_P(StoreConformance, AJobThatFailedAfterItsLastRowIsNotReopened) {
  Job job = create();
  WriteSpec to = spec(job);
  to.max_rejects = 0;
  run(job, to, {bad(1)});
  ASSERT_EQ(jobs().get(job.id).value().status, JobStatus::failed);
  auto refused = jobs().reopen(job.id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_EQ(jobs().get(job.id).value().status, JobStatus::failed);
}

}  // namespace
}  // namespace sluice
