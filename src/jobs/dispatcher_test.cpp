// The dispatcher with a queue that goes away, or loses what it was given: nothing that is due waits to be
// found lost. On a real store.
#include "jobs/dispatcher.h"

#include "jobs/node_test_support.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

// The store's queue, with the faults of a server.
class FaultyQueue final : public JobQueue {
 public:
  explicit FaultyQueue(JobQueue& queue) : queue_(queue) {}

  bool away = false, lost = false;
  std::vector<std::string> enqueued;

  Result<> enqueue(std::span<const QueueMessage> messages) override {
    if (away) return fail(ErrorKind::unavailable, "away", true);
    for (const QueueMessage& message : messages) enqueued.push_back(message.id);
    return queue_.enqueue(messages);
  }
  Result<bool> is_new() override { return std::exchange(lost, false); }

  Result<std::optional<Reservation>> reserve(const std::string& worker, milliseconds hold, milliseconds wait,
                                             std::stop_token stop) override {
    return queue_.reserve(worker, hold, wait, stop);
  }
  Result<> extend(const Reservation& one, milliseconds hold) override { return queue_.extend(one, hold); }
  Result<> complete(const Reservation& one) override { return queue_.complete(one); }
  Result<> put_back(const Reservation& one, milliseconds delay) override {
    return queue_.put_back(one, delay);
  }
  Result<> give_back_of(const std::function<bool(const std::string& worker)>& is_dead) override {
    return queue_.give_back_of(is_dead);
  }
  Result<> withdraw(const std::string& job_id) override { return queue_.withdraw(job_id); }
  Result<> pause() override { return queue_.pause(); }
  Result<> resume() override { return queue_.resume(); }
  Result<QueueHealth> health() override { return queue_.health(); }

 private:
  JobQueue& queue_;
};

class DispatcherTest : public NodeTest {
 protected:
  DispatcherTest() : queue_(store_->queue()) {
    service_.reset();
    service_.emplace(Service{*store_, queue_, *blobs_, folder_ / "pipelines"});
  }
  Job add() {  // that is still to be planned
    return store_->jobs()
        .create({.id = new_uuid(), .pipeline = "p", .file_name = "p.csv", .plan = "{}"})
        .value();
  }
  std::vector<std::string> dispatch() {
    queue_.enqueued.clear();
    (void)dispatch_due(*service_);
    return queue_.enqueued;
  }
  using Ids = std::vector<std::string>;

  FaultyQueue queue_;
};

TEST_F(DispatcherTest, WhatTheQueueDidNotTakeIsPutInWhenItIsBack) {
  const Job job = add();
  queue_.away = true;
  EXPECT_EQ(dispatch(), Ids());
  const Job other = add();
  EXPECT_EQ(dispatch(), Ids());
  queue_.away = false;
  EXPECT_EQ(dispatch(), (Ids{job.id + "/0/1", other.id + "/0/1"}));
  EXPECT_EQ(dispatch(), Ids()) << "once";
}

TEST_F(DispatcherTest, WhatTheQueueLostIsQueuedAgain) {
  const Job first = add(), second = add();
  EXPECT_EQ(dispatch(), (Ids{first.id + "/0/1", second.id + "/0/1"}));
  ASSERT_TRUE(store_->jobs().lease(second.id, kPlanningSplit, "worker", milliseconds(60'000), {}));
  queue_.lost = true;
  const Job third = add();
  EXPECT_EQ(dispatch(), (Ids{first.id + "/0/2", third.id + "/0/1"})) << "what is worked on is not queued";
  EXPECT_EQ(dispatch(), Ids()) << "once";
}

TEST_F(DispatcherTest, ALossIsNotForgottenWhileTheQueueIsAway) {
  const Job job = add();
  EXPECT_EQ(dispatch(), Ids{job.id + "/0/1"});
  queue_.lost = queue_.away = true;
  EXPECT_EQ(dispatch(), Ids());
  queue_.away = false;
  EXPECT_EQ(dispatch(), Ids{job.id + "/0/2"});
}

}  // namespace
}  // namespace sluice
