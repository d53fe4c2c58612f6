// Conformance: jobs, leases, epochs, the end of a job, commits that fail, resubmission, rejects, pipelines.
#include <thread>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

using Outcomes = std::vector<Outcome>;

TEST_P(StoreConformance, CreateIsDurableAndCreatingTwiceIsTheSameJob) {
  NewJob wanted = new_job(2);
  wanted.tenant = "acme";
  Job job = jobs().create(wanted).value();
  EXPECT_EQ(job.id, wanted.id);
  EXPECT_EQ(job.tenant, "acme");
  EXPECT_EQ(job.pipeline, "people");
  EXPECT_EQ(job.file_name, "people.csv");
  EXPECT_EQ(job.blob, wanted.blob);
  EXPECT_EQ(job.plan, wanted.plan);
  EXPECT_EQ(job.file_size, 12'345u);
  EXPECT_EQ(job.status, JobStatus::pending);
  EXPECT_EQ(job.attempts, 0u);
  EXPECT_EQ(job.root_job_id, job.id);
  EXPECT_FALSE(job.parent_job_id);
  EXPECT_EQ(job.created_at.size(), std::string("2026-01-31T09:30:00.125Z").size());
  EXPECT_EQ(job.started_at + job.finished_at + job.error, "");
  wanted.file_name = "other.csv";
  EXPECT_EQ(jobs().create(wanted).value().file_name, "people.csv");
  auto elsewhere = database_->open();
  EXPECT_EQ(elsewhere->jobs().get(job.id).value().sequence, job.sequence);
  EXPECT_GT(create().sequence, job.sequence);

  auto splits = jobs().splits(job.id).value();
  ASSERT_EQ(splits.size(), 2u);
  EXPECT_EQ(splits[0].number, 1u);
  EXPECT_EQ(splits[1].begin, wanted.splits[1].begin);
  EXPECT_EQ(splits[0].end, wanted.splits[0].end);
  EXPECT_FALSE(splits[1].end);
  EXPECT_EQ(splits[1].checkpoint.position, wanted.splits[1].begin);
  EXPECT_EQ(splits[1].checkpoint.digest, to_hex(Sha256().of("")));
  EXPECT_FALSE(splits[0].done);
}

TEST_P(StoreConformance, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(jobs().get("nothing").error().kind, ErrorKind::not_found);
  EXPECT_EQ(jobs().splits("nothing").error().kind, ErrorKind::not_found);
  EXPECT_EQ(jobs().end("nothing", JobStatus::failed, "").error().kind, ErrorKind::not_found);
  EXPECT_EQ(jobs().lease("nothing", 1, "me", kLong, nullptr).error().kind, ErrorKind::not_found);
  EXPECT_EQ(jobs().lease(create().id, 7, "me", kLong, nullptr).error().kind, ErrorKind::not_found);
  NewJob orphan = new_job();
  orphan.parent_job_id = "nothing";
  EXPECT_EQ(jobs().create(orphan).error().kind, ErrorKind::not_found);
  EXPECT_EQ(queries().outcome("nothing", 1).value(), Outcome::none);
  EXPECT_TRUE(rejects("nothing").empty());
}

TEST_P(StoreConformance, FindUnfinishedGivesTheNewestOpenJob) {
  NewJob wanted = new_job();
  wanted.resume_key = "same";
  EXPECT_FALSE(jobs().find_unfinished("same").value());
  Job first = jobs().create(wanted).value();
  wanted.id = test_job_id(next_job_++);
  Job second = jobs().create(wanted).value();
  EXPECT_EQ(jobs().find_unfinished("same").value()->id, second.id);
  ASSERT_TRUE(jobs().end(second.id, JobStatus::cancelled, ""));
  EXPECT_EQ(jobs().find_unfinished("same").value()->id, first.id);
  run(first, spec(first), {good(1, "a")});
  EXPECT_FALSE(jobs().find_unfinished("same").value());
  NewJob without = new_job();
  without.resume_key = "";
  ASSERT_TRUE(jobs().create(without));
  EXPECT_FALSE(jobs().find_unfinished("").value()) << "no key is no match";
}

TEST_P(StoreConformance, LeaseStartsTheJobAndCountsAttempts) {
  Job job = create(2);
  Lease first = lease(job);
  EXPECT_EQ(first.job_id, job.id);
  EXPECT_EQ(first.owner, "worker");
  Job started = jobs().get(job.id).value();
  EXPECT_EQ(started.status, JobStatus::processing);
  EXPECT_NE(started.started_at, "");
  EXPECT_EQ(started.attempts, 1u);
  lease(job, 2);
  EXPECT_EQ(jobs().get(job.id).value().attempts, 1u) << "another split of the same attempt";
  Lease again = lease(job);
  EXPECT_GT(again.epoch, first.epoch);
  EXPECT_EQ(jobs().get(job.id).value().attempts, 2u);
  EXPECT_EQ(jobs().get(job.id).value().started_at, started.started_at);
}

TEST_P(StoreConformance, ALiveLeaseOfAnotherIsAConflict) {
  Job job = create();
  Lease held = lease(job, 1, "one");
  int asked = 0;
  auto alive = [&](const std::string& owner) {
    EXPECT_EQ(owner, "one");
    return ++asked, false;
  };
  auto refused = jobs().lease(job.id, 1, "two", kLong, alive);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_NE(refused.error().message.find("one"), std::string::npos);
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(jobs().heartbeat(held, kLong)) << "a refused lease changes nothing";
  EXPECT_TRUE(jobs().lease(job.id, 1, "two", kLong, [](const std::string&) { return true; }))
      << "its owner is dead";
  EXPECT_EQ(jobs().heartbeat(held, kLong).error().kind, ErrorKind::conflict);
}

TEST_P(StoreConformance, AnExpiredOrReleasedLeaseIsFree) {
  Job job = create();
  auto never = [](const std::string&) {
    ADD_FAILURE() << "asked without need";
    return false;
  };
  Lease expired = jobs().lease(job.id, 1, "one", std::chrono::milliseconds(-1), never).value();
  Lease second = jobs().lease(job.id, 1, "two", kLong, never).value();
  EXPECT_TRUE(jobs().release(expired)) << "a lost lease is no error";
  EXPECT_FALSE(jobs().lease(job.id, 1, "three", kLong, nullptr)) << "and takes nothing from its successor";
  EXPECT_TRUE(jobs().release(second));
  Lease third = jobs().lease(job.id, 1, "three", kLong, never).value();
  EXPECT_TRUE(jobs().heartbeat(third, std::chrono::milliseconds(-1)));
  EXPECT_TRUE(jobs().lease(job.id, 1, "four", kLong, never)) << "a heartbeat sets the time";
}

TEST_P(StoreConformance, AZombieCannotCommit) {
  Job job = create();
  WriteSpec wanted = spec(job);
  auto writing = writer(wanted);
  Lease zombie = lease(job, 1, "one");
  commit(*writing, wanted, zombie, {good(1, "a")});
  Lease successor = jobs().lease(job.id, 1, "two", kLong, [](const std::string&) { return true; }).value();
  std::string before = everything();
  auto refused = try_commit(*writing, wanted, zombie, {good(2, "b"), bad(3)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(commit(*writing, wanted, successor, {good(2, "b"), bad(3)}, true).job, counted(2, 0, 0, 1));
  Job released = create();
  WriteSpec other = spec(released);
  Lease gone = lease(released);
  ASSERT_TRUE(jobs().release(gone));
  EXPECT_EQ(try_commit(*writer(other), other, gone, {good(1, "c")}).error().kind, ErrorKind::conflict);
}

TEST_P(StoreConformance, AnExpiredLeaseThatNobodyTookMayStillCommit) {
  Job job = create();
  WriteSpec wanted = spec(job);
  Lease held = jobs().lease(job.id, 1, "one", std::chrono::milliseconds(0), nullptr).value();
  EXPECT_EQ(commit(*writer(wanted), wanted, held, {good(1, "a")}, true).job, counted(1, 0, 0, 0));
}

TEST_P(StoreConformance, CommitMovesTheCheckpointAndCountsPerSplit) {
  Job job = create(2);
  WriteSpec wanted = spec(job);
  auto writing = writer(wanted);
  Lease first = lease(job, 1), second = lease(job, 2);
  commit(*writing, wanted, first, {good(1, "a"), bad(2)});
  CommitReport report = commit(*writing, wanted, second, {good(1001, "a"), good(1002, "b")}, true);
  EXPECT_FALSE(report.job_finished);
  EXPECT_EQ(report.job, counted(2, 0, 1, 1));
  auto splits = jobs().splits(job.id).value();
  EXPECT_EQ(splits[0].checkpoint.position, (Position{300, 3, 4}));
  EXPECT_EQ(splits[0].checkpoint.digest, to_hex(Sha256().of("3")));
  EXPECT_EQ(splits[0].checkpoint.counts, counted(1, 0, 0, 1));
  EXPECT_FALSE(splits[0].done);
  EXPECT_EQ(splits[1].checkpoint.counts, counted(1, 0, 1, 0));
  EXPECT_TRUE(splits[1].done);
  EXPECT_EQ(splits[1].end, (Position{100'300, 1003, 1004}));
  EXPECT_EQ(jobs().get(job.id).value().counts, counted(2, 0, 1, 1));
  EXPECT_EQ(try_commit(*writing, wanted, second, {good(1003, "c")}).error().kind, ErrorKind::conflict);
  EXPECT_EQ(jobs().lease(job.id, 2, "other", kLong, nullptr).error().kind, ErrorKind::conflict)
      << "done is done";

  EXPECT_TRUE(commit(*writing, wanted, first, {}, true).job_finished);
  Job ended = jobs().get(job.id).value();
  EXPECT_EQ(ended.status, JobStatus::completed);
  EXPECT_NE(ended.finished_at, "");
  EXPECT_EQ(ended.error, "");
}

TEST_P(StoreConformance, EndRaisesAllEpochsAndStays) {
  Job job = create(2);
  WriteSpec wanted = spec(job);
  auto writing = writer(wanted);
  Lease first = lease(job, 1), second = lease(job, 2);
  commit(*writing, wanted, first, {good(1, "a")});
  EXPECT_EQ(store_->queue().health().value().failed, 0u);
  ASSERT_TRUE(jobs().end(job.id, JobStatus::failed, "the file has changed"));
  EXPECT_EQ(store_->queue().health().value().failed, 1u);
  for (const Lease& held : {first, second}) {
    EXPECT_EQ(try_commit(*writing, wanted, held, {good(2, "b")}).error().kind, ErrorKind::conflict);
    EXPECT_EQ(jobs().heartbeat(held, kLong).error().kind, ErrorKind::conflict);
  }
  EXPECT_EQ(jobs().lease(job.id, 1, "x", kLong, nullptr).error().kind, ErrorKind::conflict);
  ASSERT_TRUE(jobs().end(job.id, JobStatus::cancelled, "too late"));
  Job ended = jobs().get(job.id).value();
  EXPECT_EQ(ended.status, JobStatus::failed);
  EXPECT_EQ(ended.error, "the file has changed");
  EXPECT_EQ(ended.counts, counted(1, 0, 0, 0));
  EXPECT_EQ(database_->rows().size(), 1u);
}

TEST_P(StoreConformance, TooManyRejectsFailTheJobAndWhatIsCommittedStays) {
  Job job = create(2);
  WriteSpec wanted = spec(job);
  wanted.max_rejects = 2;
  auto writing = writer(wanted);
  Lease first = lease(job, 1), second = lease(job, 2);
  EXPECT_FALSE(commit(*writing, wanted, first, {bad(1), good(2, "a")}, true).over_max_rejects);
  EXPECT_FALSE(commit(*writing, wanted, second, {bad(1001)}).over_max_rejects)
      << "as many as that are allowed";
  CommitReport report = commit(*writing, wanted, second, {good(1002, "b"), bad(1003)}, true);
  EXPECT_TRUE(report.over_max_rejects);
  EXPECT_FALSE(report.job_finished);
  EXPECT_EQ(report.job, counted(2, 0, 0, 3));
  Job ended = jobs().get(job.id).value();
  EXPECT_EQ(ended.status, JobStatus::failed);
  EXPECT_NE(ended.error.find("max_rejects"), std::string::npos) << ended.error;
  EXPECT_EQ(ended.counts, counted(2, 0, 0, 3));
  EXPECT_EQ(database_->rows().size(), 2u);
  EXPECT_EQ(rejects(job.id).size(), 3u);
}

TEST_P(StoreConformance, ACommitThatFailsInTheMiddleChangesNothing) {
  for (IdentityKind identity : {IdentityKind::content, IdentityKind::position, IdentityKind::key}) {
    Job job = create();
    WriteSpec wanted = spec(job, identity, OnDuplicate::update);
    wanted.unique_constraints = {"value"};
    auto writing = writer(wanted);
    Lease held = lease(job);
    auto row = [&](std::uint64_t number) {
      std::string name = job.id + std::to_string(number);
      TestRow made = good(number, name);
      made.key = name;
      made.unique = {name};
      return made;
    };
    commit(*writing, wanted, held, {row(1), bad(2)});
    std::string before = everything();
    for (auto [table, at] : {std::pair{"ingested_data", 5}, std::pair{"validation_errors", 6}}) {
      database_->fail_at(table, static_cast<std::uint64_t>(at));
      EXPECT_FALSE(try_commit(*writing, wanted, held, {row(3), bad(4), row(5), bad(6)}));
      database_->heal();
      EXPECT_EQ(everything(), before);
    }
    EXPECT_EQ(commit(*writing, wanted, held, {row(3), bad(4), row(5), bad(6)}, true).job,
              counted(3, 0, 0, 3));
  }
}

TEST_P(StoreConformance, AWriterWithNothingToWriteStillMovesOn) {
  Job job = create();
  WriteSpec wanted = spec(job);
  auto writing = writer(wanted);
  Lease held = lease(job);
  commit(*writing, wanted, held, {});
  EXPECT_EQ(commit(*writing, wanted, held, {bad(1)}, true).job, counted(0, 0, 0, 1));
}

TEST_P(StoreConformance, TwoWritersInterleaved) {
  Job first = create(), second = create();
  WriteSpec one = spec(first), two = spec(second);
  auto elsewhere = database_->open();  // as another process would
  auto writing_one = writer(one), writing_two = elsewhere->open_writer(two).value();
  Lease lease_one = lease(first),
        lease_two = elsewhere->jobs().lease(second.id, 1, "other", kLong, nullptr).value();
  RowCounts sum;
  for (std::uint64_t i = 0; i < 10; ++i) {
    std::vector<TestRow> rows = {good(2 * i + 1, "c" + std::to_string(i)),
                                 good(2 * i + 2, "c" + std::to_string(i + 1))};
    sum += commit(*writing_one, one, lease_one, rows, i == 9).batch;
    sum += commit(*writing_two, two, lease_two, rows, i == 9).batch;
  }
  EXPECT_EQ(sum, counted(11, 0, 29, 0));
  EXPECT_EQ(database_->rows().size(), 11u);
  EXPECT_EQ(jobs().get(second.id).value().status, JobStatus::completed);
}

TEST_P(StoreConformance, ManyThreadsLoseNothing) {
  constexpr int kThreads = 4, kCommits = 20;
  Job job = create(kThreads);
  WriteSpec wanted = spec(job);
  std::vector<Lease> leases;
  for (std::uint32_t i = 1; i <= kThreads; ++i) leases.push_back(lease(job, i));
  std::vector<std::jthread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      auto writing = writer(wanted);
      for (std::uint64_t i = 0; i < kCommits; ++i) {
        std::vector<TestRow> rows;
        for (std::uint64_t k = 1; k <= 10; ++k)
          rows.push_back(good(t * 1000 + i * 10 + k, std::to_string((t * 7 + i * 10 + k) % 150)));
        commit(*writing, wanted, leases[t], rows, i + 1 == kCommits);
        EXPECT_EQ(jobs().heartbeat(leases[t], kLong).has_value(), i + 1 < kCommits);
      }
    });
  threads.clear();
  Job ended = jobs().get(job.id).value();
  EXPECT_EQ(ended.status, JobStatus::completed);
  EXPECT_EQ(ended.counts, counted(150, 0, kThreads * kCommits * 10 - 150, 0));
  EXPECT_EQ(database_->rows().size(), 150u);
}

TEST_P(StoreConformance, RejectsComeBackAsTheyWere) {
  Job job = create(2);
  WriteSpec wanted = spec(job);
  PreparedBatch prepared = batch(wanted, {});
  Issue first{.code = RejectCode::type_error,
              .field = "age",
              .field_number = 3,
              .value = "x",
              .message = "no number",
              .suggestion = "7"};
  Issue second{.code = RejectCode::constraint_error,
               .field = "name",
               .constraint = "maxLength",
               .value = "é'\"",
               .message = "too long"};
  Issue whole{.code = RejectCode::syntax_error, .message = "cannot be taken apart"};
  std::vector<RejectedRow> written = {{1002, 0, "{\"age\":\"x\"}", {first, second}},
                                      {1005, 1010, "", {whole}}};
  prepared.rejects = written;
  const PreparedBatch* batches[] = {&prepared};
  Commit commit_of_rejects{.batches = batches, .checkpoint = {{1, 1006, 1}, "d", {}}, .last = true};
  ASSERT_TRUE(writer(wanted)->commit(commit_of_rejects, lease(job, 2)));
  commit(*writer(wanted), wanted, lease(job, 1), {bad(3), good(4, "a"), bad(5)}, true);

  auto found = rejects(job.id);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].row.row_number, 3u);
  EXPECT_EQ(found[1].row.row_number, 5u);
  for (std::size_t i = 0; i < 2; ++i) {
    const RejectedRow &is = found[i + 2].row, &was = written[i];
    EXPECT_EQ(is.row_number, was.row_number);
    EXPECT_EQ(is.line, was.line);
    EXPECT_EQ(is.raw, was.raw);
    EXPECT_EQ(found[i + 2].resolved_by, "");
    ASSERT_EQ(is.issues.size(), was.issues.size());
    for (std::size_t k = 0; k < is.issues.size(); ++k) {
      const Issue &a = is.issues[k], &b = was.issues[k];
      EXPECT_EQ(std::tie(a.code, a.field, a.field_number, a.constraint, a.value, a.message, a.suggestion),
                std::tie(b.code, b.field, b.field_number, b.constraint, b.value, b.message, b.suggestion));
    }
  }
  int seen = 0;
  ASSERT_TRUE(queries().each_reject(job.id, [&](const StoredReject&) {
    EXPECT_TRUE(queries().outcome(job.id, 1)) << "a visitor may use the store";
    return ++seen < 2;
  }));
  EXPECT_EQ(seen, 2) << "false stops";
}

TEST_P(StoreConformance, AResubmissionCorrectsEachRejectOnce) {
  Job first = create();
  run(first, spec(first), {bad(1), good(2, "a"), bad(3), bad(4), bad(5)});
  auto resubmit = [&](const std::vector<TestRow>& rows) {
    Job job = create_child(first.id);
    EXPECT_EQ(job.root_job_id, first.id);
    EXPECT_EQ(job.parent_job_id, first.id);
    WriteSpec wanted = spec(job);
    wanted.resolves_job_id = first.id;
    return std::pair{job, run(job, wanted, rows).batch};
  };
  // 2 was no reject, 3 is rejected again, 5 is known content, 9 was never read.
  auto [second, counts] = resubmit({good(1, "b"), good(2, "x"), bad(3), good(5, "a"), good(9, "y")});
  EXPECT_EQ(counts, counted(1, 0, 3, 1));
  EXPECT_EQ(outcomes(second.id, 1, 5), (Outcomes{kIn, kDup, kRej, kNone, kDup}));
  // The same report once more, and the one that was left. What was rejected again is open still.
  auto [third, again] = resubmit({good(1, "z"), bad(3), good(4, "c")});
  EXPECT_EQ(again, counted(1, 0, 1, 1));
  EXPECT_EQ(outcomes(third.id, 1, 4), (Outcomes{kDup, kNone, kRej, kIn}));

  auto resolved_by = [&](const Job& job) {
    std::vector<std::string> by;
    for (const StoredReject& reject : rejects(job.id)) by.push_back(reject.resolved_by);
    return by;
  };
  EXPECT_EQ(resolved_by(first), (std::vector<std::string>{second.id, "", third.id, second.id}));
  EXPECT_EQ(resolved_by(second), std::vector<std::string>{""});
  EXPECT_EQ(resolved_by(third), std::vector<std::string>{""});
  // Corrected at last, and twice in one report: one row goes in, and every reject of it is resolved.
  auto [fourth, last] = resubmit({good(3, "d"), good(3, "e")});
  EXPECT_EQ(last, counted(1, 0, 1, 0));
  EXPECT_EQ(resolved_by(first)[1], fourth.id);
  EXPECT_EQ(resolved_by(second), std::vector<std::string>{fourth.id});
  EXPECT_EQ(resolved_by(third), std::vector<std::string>{fourth.id});
  EXPECT_EQ(database_->rows().size(), 4u);
}

TEST_P(StoreConformance, AResubmissionWithoutAnyOpenRejectWritesNothing) {
  Job first = create();
  run(first, spec(first), {good(1, "a")});
  for (IdentityKind identity : {IdentityKind::content, IdentityKind::position, IdentityKind::key}) {
    Job job = create_child(first.id);
    WriteSpec wanted = spec(job, identity, OnDuplicate::update);
    wanted.resolves_job_id = first.id;
    EXPECT_EQ(run(job, wanted, {good(1, "b"), good(2, "c")}).batch, counted(0, 0, 2, 0));
  }
  EXPECT_EQ(database_->rows().size(), 1u);
}

TEST_P(StoreConformance, AResubmittedPositionKeepsThePlaceOfTheRoot) {
  Job first = create();
  run(first, spec(first, IdentityKind::position), {good(1, "a"), bad(2)});
  Job second = create_child(first.id);
  WriteSpec wanted = spec(second, IdentityKind::position);
  wanted.resolves_job_id = first.id;
  EXPECT_EQ(run(second, wanted, {good(2, "a")}).batch, counted(1, 0, 0, 0));
  Job third = create_child(second.id);
  EXPECT_EQ(third.root_job_id, first.id);
  EXPECT_EQ(run(third, spec(third, IdentityKind::position), {good(2, "x")}).batch, counted(0, 0, 1, 0));
}

TEST_P(StoreConformance, PipelinesAreKeptPerTenant) {
  EXPECT_FALSE(queries().pipeline("default", "people").value());
  ASSERT_TRUE(queries().keep_pipeline("default", {"people", "name: people\n", true}));
  ASSERT_TRUE(queries().keep_pipeline("other", {"people", "name: people # theirs\n", false}));
  auto kept = queries().pipeline("default", "people").value();
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->text, "name: people\n");
  EXPECT_TRUE(kept->inferred);
  ASSERT_TRUE(queries().keep_pipeline("default", {"people", "name: people # changed\n", false}));
  EXPECT_EQ(queries().pipeline("default", "people").value()->text, "name: people # changed\n");
  EXPECT_FALSE(queries().pipeline("default", "people").value()->inferred);
  EXPECT_EQ(queries().pipeline("other", "people").value()->text, "name: people # theirs\n");
}

}  // namespace
}  // namespace sluice
