// A node's parts on a real store: what is accepted is planned, loaded and ended, whatever goes wrong on the
// way. Everything is waited for by the event log.
#include "jobs/service.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>

#include "adapters/blobs_file.h"
#include "adapters/store_sqlite.h"
#include "base/uuid.h"
#include "jobs/control_job.h"
#include "jobs/dispatcher.h"
#include "jobs/node_test_support.h"
#include "jobs/submit_job.h"
#include "jobs/worker.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Blobs that cannot be opened for a while.
class FailingBlobs final : public BlobStore {
 public:
  explicit FailingBlobs(BlobStore& blobs) : blobs_(blobs) {}
  std::atomic<int> failures = 0;  // so many more

  Result<std::unique_ptr<ByteSource>> open(const std::string& key, std::uint64_t offset,
                                           const std::string& version) override {
    if (failures > 0 && failures-- > 0) return fail(ErrorKind::unavailable, "the files are away.", true);
    return blobs_.open(key, offset, version);
  }
  Result<std::unique_ptr<BlobWriter>> create(const std::string& key) override { return blobs_.create(key); }
  Result<std::unique_ptr<PartialBlob>> resume(const std::string& key, std::uint64_t offset) override {
    return blobs_.resume(key, offset);
  }
  Result<std::optional<std::uint64_t>> space_left() override { return blobs_.space_left(); }
  Result<BlobInfo> stat(const std::string& key) override { return blobs_.stat(key); }
  Result<> remove(const std::string& key) override { return blobs_.remove(key); }
  Result<std::vector<BlobInfo>> list(const std::string& prefix) override { return blobs_.list(prefix); }

 private:
  BlobStore& blobs_;
};

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    fs::create_directories(folder_ / "pipelines");
    store_ = std::move(*open_store_sqlite(folder_ / "store.db", {}));
    files_ = std::move(*open_blobs_file(folder_ / "blobs"));
    blobs_.emplace(*files_);
    service_.emplace(Service{*store_, store_->queue(), *blobs_, folder_ / "pipelines"});
    service_->work_came = [this] {
      if (dispatcher_) dispatcher_->wake();
    };
  }
  ~ServiceTest() override {
    stop();
    store_.reset();
    fs::remove_all(folder_);
  }

  void start(unsigned slots = 2) {
    dispatcher_.emplace(*service_);
    memory_ = *plan_memory(kDefaultMemoryBytes, 2, 1 << 20);
    worker_.emplace(*service_, pool_, WorkerOptions{slots, memory_});
  }
  void stop() {
    worker_.reset();
    dispatcher_.reset();
  }

  Submission file(const std::string& name, const std::string& content, const std::string& pipeline = "") {
    Submission submission;
    submission.file_name = name;
    submission.pipeline = pipeline;
    submission.blob_key = "test/" + new_uuid();
    submission.size = content.size();
    auto blob = *files_->create(submission.blob_key);
    EXPECT_TRUE(blob->write(content));
    EXPECT_TRUE(blob->commit());
    return submission;
  }

  Job submit(const Submission& submission) {
    auto job = submit_job(*service_, submission);
    EXPECT_TRUE(job) << job.error().message;
    return job ? *job : Job{};
  }

  Job end_of(const Job& job) { return end_of_job(*store_, job.id); }

  const fs::path folder_ = fs::temp_directory_path() / ("sluice-service-" + new_uuid());
  std::unique_ptr<Store> store_;
  std::unique_ptr<BlobStore> files_;
  std::optional<FailingBlobs> blobs_;
  std::optional<Service> service_;
  ComputePool pool_{2};
  MemoryPlan memory_;
  std::optional<Dispatcher> dispatcher_;
  std::optional<Worker> worker_;
};

TEST_F(ServiceTest, AFileThatIsReplacedAfterItWasLookedAtIsNotRead) {
  auto put = [&](std::string_view text) {
    auto blob = *files_->create("inbox/a.csv");
    EXPECT_TRUE(blob->write(text) && blob->commit());
  };
  Job job;
  job.blob = blob_place("inbox/a.csv");
  job.file_name = "a.csv";
  put("id\n1\n");
  const auto input = open_blob_input(*blobs_, job, "");
  ASSERT_TRUE(input) << input.error().message;
  EXPECT_TRUE(input->opener(0));
  put("id\n1\n2\n");
  auto source = input->opener(0);
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().kind, ErrorKind::input);
  EXPECT_NE(source.error().message.find("was changed"), std::string::npos) << source.error().message;
}

TEST_F(ServiceTest, AnAcceptedFileIsPlannedAndLoaded) {
  start();
  Job job = submit(file("people.csv", "id,name\n1,Ann\n2,Bob\n2,Bob\n3\n"));
  EXPECT_EQ(job.status, JobStatus::pending);
  EXPECT_EQ(job.pipeline, "people");
  Job end = end_of(job);
  EXPECT_EQ(end.status, JobStatus::completed) << end.error;
  EXPECT_EQ(end.counts, (RowCounts{.read = 4, .inserted = 2, .updated = 0, .duplicate = 1, .rejected = 1}));
  EXPECT_TRUE(*store_->queries().pipeline("default", "people"));  // inferred, and kept for the next
}

TEST_F(ServiceTest, WhatCannotBeReadFailsWithItsCause) {
  start();
  Job end = end_of(submit(file("rows.json", "[{\"id\": 1}, {\"id\": ")));
  EXPECT_EQ(end.status, JobStatus::failed);
  EXPECT_FALSE(end.error.empty());
}

TEST_F(ServiceTest, AFaultIsTriedAgain) {
  std::ofstream(folder_ / "pipelines" / "p.yaml") << "name: p\nretry: {backoff: {delay: 1ms}}\n";
  blobs_->failures = 2;
  start();
  Job end = end_of(submit(file("rows.csv", "id\n1\n", "p")));
  EXPECT_EQ(end.status, JobStatus::completed) << end.error;
  EXPECT_EQ(end.counts.inserted, 1u);
}

TEST_F(ServiceTest, AFaultThatStaysIsGivenUpAndCanBeRetried) {
  std::ofstream(folder_ / "pipelines" / "p.yaml") << "name: p\nretry: {attempts: 3, backoff: {delay: 1ms}}\n";
  blobs_->failures = 1'000'000;
  start();
  Job end = end_of(submit(file("rows.csv", "id\n1\n", "p")));
  EXPECT_EQ(end.status, JobStatus::failed);
  EXPECT_NE(end.error.find("3 attempts"), std::string::npos) << end.error;
  EXPECT_NE(end.error.find("the files are away"), std::string::npos) << end.error;
  blobs_->failures = 0;
  ASSERT_TRUE(retry_job(*service_, end));
  Job again = end_of(end);
  EXPECT_EQ(again.status, JobStatus::completed) << again.error;
}

TEST_F(ServiceTest, ACancelledJobIsNotBegun) {
  Job job = submit(file("rows.csv", "id\n1\n"));
  auto cancelled = cancel_job(*service_, job);
  ASSERT_TRUE(cancelled) << cancelled.error().message;
  EXPECT_EQ(cancelled->status, JobStatus::cancelled);
  start();
  Job other = end_of(submit(file("others.csv", "id\n2\n")));
  EXPECT_EQ(other.status, JobStatus::completed);
  EXPECT_EQ(store_->jobs().get(job.id)->counts.read, 0u);
}

TEST_F(ServiceTest, TheSameIdempotencyKeyIsTheSameJob) {
  Submission first = file("rows.csv", "id\n1\n");
  first.idempotency_key = "once";
  first.idempotency_digest = std::string(64, 'a');
  Submission again = file("rows.csv", "id\n1\n");
  again.idempotency_key = first.idempotency_key;
  again.idempotency_digest = first.idempotency_digest;
  Job job = submit(first);
  EXPECT_EQ(submit(again).id, job.id);
  again.idempotency_digest = std::string(64, 'b');
  auto other = submit_job(*service_, again);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::conflict);
}

TEST_F(ServiceTest, WorkGoesOnWithTheNextWorker) {
  std::ofstream(folder_ / "pipelines" / "p.yaml") << "name: p\nidentity: position\nbatch: {rows: 10}\n";
  std::string rows = "id\n";
  for (int i = 0; i < 20'000; ++i) rows += std::to_string(i) + "\n";
  start(1);
  Job job = submit(file("rows.csv", rows, "p"));
  while (store_->jobs().get(job.id)->counts.read == 0)
    ASSERT_TRUE(store_->events().wait_for_more(*store_->events().newest(), 1s, {}));
  stop();
  Job half = *store_->jobs().get(job.id);
  EXPECT_EQ(half.status, JobStatus::processing);
  EXPECT_LT(half.counts.read, 20'000u);
  start(1);
  Job end = end_of(job);
  EXPECT_EQ(end.status, JobStatus::completed) << end.error;
  EXPECT_EQ(end.counts.inserted, 20'000u);
}

TEST_F(ServiceTest, APathIsNoPipelineOfTheNetwork) {
  for (const char* name : {"../secrets", "/etc/passwd", "a/b.yaml", "x.yaml"}) {
    auto job = submit_job(*service_, file("rows.csv", "id\n1\n", name));
    ASSERT_FALSE(job) << name;
    EXPECT_EQ(job.error().kind, ErrorKind::usage) << name;
  }
  auto unknown = submit_job(*service_, file("rows.csv", "id\n1\n", "unknown"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace sluice
