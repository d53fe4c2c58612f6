// A node with one slot: a job that cannot be cut gives way to others, and goes on. The order is made certain
// by holding the work at a commit until what is to wait for it is in the queue.
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <semaphore>
#include <set>

#include "jobs/dispatcher.h"
#include "jobs/node_test_support.h"
#include "jobs/submit_job.h"
#include "jobs/time_slice.h"
#include "jobs/worker.h"
#include "ports/forwarding_queue.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

constexpr int kManyRows = 300;  // of a file of many commits
// Over with every commit.
constexpr SliceRules kShortest{.least = 0ms, .ask_every = 0ms, .resumes = 0};
constexpr auto kTurnsPatience = 60s;

TEST(TimeSlice, EndsAfterItsLeastAndIsAskedNowAndThen) {
  const TimeSlice::Time begin{};
  TimeSlice slice({.least = 5s, .ask_every = 1s}, begin);
  EXPECT_FALSE(slice.is_over(begin + 100ms));
  EXPECT_FALSE(slice.is_over(begin + 4999ms));
  EXPECT_TRUE(slice.is_over(begin + 5s));
  EXPECT_FALSE(slice.is_over(begin + 5999ms)) << "asked just now";
  EXPECT_TRUE(slice.is_over(begin + 6s));
}

TEST(TimeSlice, GrowsWithWhatComingBackTakes) {
  const TimeSlice::Time begin{};
  TimeSlice slice({.least = 5s, .ask_every = 1s}, begin);
  EXPECT_FALSE(slice.is_over(begin + 20s)) << "the first commit: nothing was done in this slice yet";
  EXPECT_FALSE(slice.is_over(begin + 99s));
  EXPECT_TRUE(slice.is_over(begin + 100s));
}

// The store's queue, and what was put into it.
class WatchedQueue final : public ForwardingQueue {
 public:
  using ForwardingQueue::ForwardingQueue;

  Result<> enqueue(std::span<const QueueMessage> messages) override {
    Result<> done = queue_.enqueue(messages);
    std::lock_guard lock(mutex_);
    for (const QueueMessage& message : messages)
      ++queued_[message.job_id + "/" + std::to_string(message.split_number)];
    changed_.notify_all();
    return done;
  }
  Result<std::optional<Reservation>> reserve(const std::string& worker, std::chrono::milliseconds hold,
                                             std::chrono::milliseconds wait, std::stop_token stop) override {
    auto reserved = queue_.reserve(worker, hold, wait, stop);
    std::lock_guard lock(mutex_);
    if (reserved && *reserved) begun_.insert((*reserved)->message.job_id);
    return reserved;
  }

  void wait_until_queued(const std::string& job_id, int split_number) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kTurnsPatience,
                                  [&] { return queued_[job_id + "/" + std::to_string(split_number)] > 0; }));
  }
  bool is_begun(const std::string& job_id) {
    std::lock_guard lock(mutex_);
    return begun_.contains(job_id);
  }
  int times_queued(const std::string& job_id, int split_number) {
    std::lock_guard lock(mutex_);
    return queued_[job_id + "/" + std::to_string(split_number)];
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::map<std::string, int> queued_;  // how often each split was
  std::set<std::string> begun_;        // jobs of which a message was taken out
};

class TurnsTest : public NodeTest, public WorkObserver {
 protected:
  TurnsTest() : queue_(store_->queue()) {
    std::ofstream(folder_ / "pipelines" / "p.yaml") << "name: p\nidentity: position\nbatch: {rows: 10}\n";
    service_.reset();
    service_.emplace(Service{*store_, queue_, *blobs_, folder_ / "pipelines"});
    service_->observer = this;
    service_->work_came = [this] { dispatcher_->wake(); };
  }
  // Before the test is taken apart: the worker tells it of its work to the last.
  void TearDown() override {
    worker_.reset();
    dispatcher_.reset();
  }

  void start(SliceRules rules) {
    dispatcher_.emplace(*service_);
    worker_.emplace(*service_, pool_, WorkerOptions{1, memory_, rules});
  }

  Job submit(const std::string& tenant, int rows) {
    std::string content = "id\n";
    for (int i = 0; i < rows; ++i) content += std::to_string(i) + "\n";
    Submission submission;
    submission.tenant = tenant;
    submission.pipeline = "p";
    submission.file_name = "rows.csv";
    submission.blob_key = "test/" + new_uuid();
    submission.size = content.size();
    put_blob(submission.blob_key, content);
    auto job = submit_job(*service_, submission);
    EXPECT_TRUE(job) << job.error().message;
    return *job;
  }

  // The first commit of all stands still between these two. After its planning `small` is in the queue again
  // in a moment; until then the others stand still, so that they do not end before.
  void wait_for_work() { begun_.acquire(); }
  void let_work_go_on(const Job& small) {
    queue_.wait_until_queued(small.id, kPlanningSplit);
    small_ = small.id;
    may_go_on_.release();
  }
  void let_work_go_on() { may_go_on_.release(); }
  // The jobs in the order of their ends.
  Ids ends(int count) {
    for (int i = 0; i < count; ++i) ended_.acquire();
    std::lock_guard lock(mutex_);
    return order_;
  }
  void expect_whole(const Job& job, std::uint64_t rows) {
    const Job end = *store_->jobs().get(job.id);
    EXPECT_EQ(end.status, JobStatus::completed) << end.error;
    EXPECT_EQ(end.counts.inserted, rows);
    EXPECT_EQ(end.attempts, 1u) << "giving way is no attempt";
  }

  void committed(const Job& job, const SplitProgress&) override {
    if (held_.empty()) {
      held_ = job.id;
      begun_.release();
      may_go_on_.acquire();
      return;
    }
    if (job.id != small_ && queue_.is_begun(small_)) queue_.wait_until_queued(small_, 1);
  }
  void ended(const Job& job, JobStatus) override {
    {
      std::lock_guard lock(mutex_);
      order_.push_back(job.id);
    }
    ended_.release();
  }
  void attempt_failed(const Job& job) override { ADD_FAILURE() << job.id; }
  void worked(bool, std::chrono::duration<double>) override {}
  void lease_lost(const Job& job) override { ADD_FAILURE() << job.id; }

  WatchedQueue queue_;
  const MemoryPlan memory_ = *plan_memory(kDefaultMemoryBytes, 2, 1 << 20);
  ComputePool pool_{2};
  std::string held_, small_;  // the slot's own; `small_` is set while it stands still
  std::binary_semaphore begun_{0}, may_go_on_{0};
  std::counting_semaphore<> ended_{0};
  std::mutex mutex_;  // `order_`
  Ids order_;
  std::optional<Dispatcher> dispatcher_;
  std::optional<Worker> worker_;
};

TEST_F(TurnsTest, ASmallJobNeedNotWaitForTheEndOfALongOne) {
  for (const char* tenant : {"default", "other"}) {
    SCOPED_TRACE(tenant);
    held_ = small_ = "";
    order_.clear();
    if (!worker_) start(kShortest);
    const Job longest = submit("default", kManyRows);
    wait_for_work();
    const Job small = submit(tenant, 5);
    let_work_go_on(small);
    EXPECT_EQ(ends(2), (Ids{small.id, longest.id}));
    expect_whole(longest, kManyRows);
    expect_whole(small, 5);
    EXPECT_GT(queue_.times_queued(longest.id, 1), 1);
  }
}

TEST_F(TurnsTest, LongJobsTakeTurnsAndASmallOnePassesBoth) {
  start(kShortest);
  const Job first = submit("default", kManyRows);
  wait_for_work();
  const Job second = submit("default", kManyRows);
  queue_.wait_until_queued(second.id, kPlanningSplit);
  const Job small = submit("default", 5);
  let_work_go_on(small);
  EXPECT_EQ(ends(3).front(), small.id);
  expect_whole(first, kManyRows);
  expect_whole(second, kManyRows);
}

TEST_F(TurnsTest, WithoutOthersNobodyGivesWay) {
  start(kShortest);
  const Job only = submit("default", kManyRows);
  wait_for_work();
  let_work_go_on();
  EXPECT_EQ(ends(1), Ids{only.id});
  expect_whole(only, kManyRows);
  EXPECT_EQ(queue_.times_queued(only.id, 1), 1);
}

TEST_F(TurnsTest, ASliceThatIsNotOverIsKept) {
  start({.least = 1h, .ask_every = 0ms});
  const Job longest = submit("default", kManyRows);
  wait_for_work();
  const Job small = submit("other", 5);
  queue_.wait_until_queued(small.id, kPlanningSplit);
  let_work_go_on();
  EXPECT_EQ(ends(2), (Ids{longest.id, small.id}));
}

}  // namespace
}  // namespace sluice
