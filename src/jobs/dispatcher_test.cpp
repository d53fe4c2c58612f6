// The dispatcher with a queue that goes away, or loses what it was given: nothing that is due waits to be
// found lost. On a real store.
#include "jobs/dispatcher.h"

#include "jobs/node_test_support.h"
#include "ports/forwarding_queue.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

// The store's queue, with the faults of a server.
class FaultyQueue final : public ForwardingQueue {
 public:
  using ForwardingQueue::ForwardingQueue;

  bool away = false, lost = false;
  std::vector<std::string> enqueued;

  Result<> enqueue(std::span<const QueueMessage> messages) override {
    if (away) return fail(ErrorKind::unavailable, "away", true);
    for (const QueueMessage& message : messages) enqueued.push_back(message.id);
    return queue_.enqueue(messages);
  }
  Result<bool> is_new() override { return std::exchange(lost, false); }
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

TEST_F(DispatcherTest, WhatAKilledProcessTookForTheQueueIsPutInByTheNextOne) {
  const Job job = add();
  ASSERT_EQ(store_->jobs().take_due(10, 10, milliseconds(60'000)).value().size(), 1u);  // and no more
  EXPECT_EQ(dispatch(), Ids()) << "it may be on its way";
  queue_again_what_was_queued(*service_);
  EXPECT_EQ(dispatch(), Ids{job.id + "/0/2"});
  EXPECT_EQ(dispatch(), Ids()) << "once";
}

}  // namespace
}  // namespace sluice
