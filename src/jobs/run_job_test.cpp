// A job on a real store: several splits, an interruption, a file that changes in between.
#include "jobs/run_job.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "adapters/blobs_file.h"
#include "adapters/store_sqlite.h"
#include "base/uuid.h"
#include "formats/detect.h"
#include "ports/forwarding_store.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPipeline =
    "name: t\nsource: {format: csv, encoding: utf-8, dialect: {delimiter: ',', header: true}}\n"
    "identity: position\n";
constexpr int kRows = 1000;

// A store on which something happens before the first lease is given, and the lease fails if that says so.
class BeforeLease final : public ForwardingStore {
 public:
  BeforeLease(Store& store, std::function<Result<>()> before)
      : ForwardingStore(store), before_(std::move(before)) {}
  Result<Lease> lease(const std::string& id, std::uint32_t split, const std::string& owner,
                      std::chrono::milliseconds duration,
                      const std::function<bool(const std::string&)>& is_dead) override {
    if (before_) TRY(std::exchange(before_, nullptr)());
    return ForwardingStore::lease(id, split, owner, duration, is_dead);
  }

 private:
  std::function<Result<>()> before_;
};

class RunJob : public testing::Test {
 protected:
  RunJob() {
    fs::create_directories(folder_);
    write_rows('x');
    SqliteOptions options;
    store_ = std::move(*open_store_sqlite(folder_ / "store.db", options));
    input_.name = "rows.csv";
    input_.place = "file:" + file_.string();
    input_.size = fs::file_size(file_);
    input_.opener = file_opener(file_);
  }
  ~RunJob() override {
    store_.reset();
    fs::remove_all(folder_);
  }

  void write_rows(char fill) {
    std::ofstream out(file_, std::ios::binary);
    out << "id,fill\n";
    for (int i = 1; i <= kRows; ++i) out << i << ',' << std::string(20, i < 10 ? fill : 'x') << '\n';
  }

  Job create(std::uint64_t split_bytes) {
    plan_.pipeline = *parse_pipeline(kPipeline, "test");
    plan_.read = *detect(plan_.pipeline.source, "rows.csv", input_.opener, {});
    NewJob job;
    job.id = new_uuid();
    job.pipeline = "t";
    job.plan = to_json(plan_);
    const PlannedInput planned = *plan_ranges(plan_.read, input_.opener, split_bytes, {});
    for (const ReadRange& range : planned.ranges) {
      Split split;
      split.number = static_cast<std::uint32_t>(job.splits.size() + 1);
      split.begin = split.checkpoint.position = range.begin;
      split.end = range.end;
      job.splits.push_back(split);
    }
    return *store_->jobs().create(job);
  }

  // Runs, and asks to stop once `stop_after` rows are committed.
  Result<JobEnd> run(const Job& job, std::uint64_t stop_after) { return run_on(*store_, job, stop_after); }
  Result<JobEnd> run_on(Store& store, const Job& job, std::uint64_t stop_after) {
    std::stop_source stop;
    MemoryPlan memory = *plan_memory(kDefaultMemoryBytes, 2, 1 << 20);
    memory.chunk.rows = memory.batch_rows = 50;
    OnCommit on_commit = [&](const SplitProgress& at) {
      if (at.report.job.read >= stop_after) stop.request_stop();
    };
    ComputePool pool(2);
    return run_job({store, job, plan_, input_, {}}, pool, memory, on_commit, stop.get_token());
  }

  const fs::path folder_ = fs::temp_directory_path() / ("sluice-run-job-" + new_uuid());
  const fs::path file_ = folder_ / "rows.csv";
  std::unique_ptr<Store> store_;
  Input input_;
  JobPlan plan_;
};

TEST_F(RunJob, GoesOnWhereItWasStopped) {
  Job job = create(6000);
  ASSERT_GT(store_->jobs().splits(job.id)->size(), 3u);
  EXPECT_EQ(run(job, 500), JobEnd::stopped);
  Job half = *store_->jobs().get(job.id);
  EXPECT_EQ(half.status, JobStatus::processing);
  EXPECT_GE(half.counts.read, 500u);
  EXPECT_LT(half.counts.read, static_cast<std::uint64_t>(kRows));
  EXPECT_EQ(run(job, kRows + 1), JobEnd::completed);
  Job whole = *store_->jobs().get(job.id);
  EXPECT_EQ(whole.status, JobStatus::completed);
  EXPECT_EQ(whole.counts.read, static_cast<std::uint64_t>(kRows));
  EXPECT_EQ(whole.counts.inserted, static_cast<std::uint64_t>(kRows));
}

TEST_F(RunJob, AFileThatChangedInADoneSplitFailsTheJob) {
  Job job = create(6000);
  ASSERT_EQ(run(job, 500), JobEnd::stopped);
  ASSERT_TRUE(store_->jobs().splits(job.id)->front().done);
  write_rows('y');  // the same size; the rows that differ are in the first split
  EXPECT_EQ(run(job, kRows + 1), JobEnd::failed);
  Job failed = *store_->jobs().get(job.id);
  EXPECT_EQ(failed.status, JobStatus::failed);
  EXPECT_NE(failed.error.find("changed"), std::string::npos) << failed.error;
}

TEST_F(RunJob, WhatAnotherCommittedBeforeTheLeaseIsNotDoneAgain) {
  Job job = create(1 << 20);
  BeforeLease store(*store_, [&]() -> Result<> {
    EXPECT_EQ(run(job, 300), JobEnd::stopped);
    return {};
  });
  EXPECT_EQ(run_on(store, job, kRows + 1), JobEnd::completed);
  EXPECT_EQ(store_->jobs().get(job.id)->counts,
            (RowCounts{.read = kRows, .inserted = kRows, .updated = 0, .duplicate = 0, .rejected = 0}));
}

TEST_F(RunJob, AFaultThatHidesTheLastCommitDoesNotFailTheRun) {
  Job job = create(1 << 20);
  plan_.pipeline.retry.delay = std::chrono::milliseconds(1);
  BeforeLease store(*store_, [&]() -> Result<> {
    EXPECT_EQ(run(job, kRows + 1), JobEnd::completed);
    return fail(ErrorKind::unavailable, "the connection to the database was lost.", true);
  });
  EXPECT_EQ(run_on(store, job, kRows + 1), JobEnd::completed);
}

TEST_F(RunJob, ALiveLeaseOfAnotherIsAConflict) {
  Job job = create(1 << 20);
  auto lease = store_->jobs().lease(job.id, 1, "other-host/1/1", std::chrono::hours(1),
                                    [](const std::string&) { return false; });
  ASSERT_TRUE(lease) << lease.error().message;
  plan_.pipeline.retry.attempts = 1;
  auto end = run(job, kRows + 1);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::conflict);
}

TEST(RejectLimit, AShareIsOfTheRowsThatWereCounted) {
  MaxRejects none, count{7, {}}, share{{}, 0.29};
  EXPECT_EQ(reject_limit(none, 100), std::nullopt);
  EXPECT_EQ(reject_limit(count, {}), 7u);
  EXPECT_EQ(reject_limit(share, 100), 29u);
  EXPECT_EQ(reject_limit(share, 3), 0u);
  EXPECT_EQ(reject_limit(share, {}), std::nullopt);
}

}  // namespace
}  // namespace sluice
