// The conformance suite of the JobQueue port: what every adapter has to pass, sentence by sentence of
// job_queue.h. Test-only. An adapter's test writes one line,
//   INSTANTIATE_TEST_SUITE_P(Sqlite, JobQueueConformance, testing::Values(JobQueueFactory(make_under_test)));
// and links the object library sluice_job_queue_conformance.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ports/job_queue.h"

namespace sluice {

// What a queue keeps of the port where its server cannot do all of it; an adapter that keeps less says in its
// docs page what that means.
struct JobQueuePromises {
  bool order = true;           // higher priority goes first, and of equal ones the older
  bool known_ids = true;       // a message whose id is in the queue already is left as it is
  bool withdrawal = true;      // withdraw() takes out what nobody has reserved
  bool delays_counted = true;  // what was put back with a delay counts as delayed, not as active
  bool ages = true;            // health() knows how long the oldest has waited
};

// One fresh, empty queue.
class JobQueueUnderTest {
 public:
  virtual ~JobQueueUnderTest() = default;
  // The queue; a second one stands for a second process.
  virtual std::shared_ptr<JobQueue> open() = 0;
  virtual JobQueuePromises promises() const { return {}; }
};
// Gives nothing where its server is not there: the test is skipped.
using JobQueueFactory = std::function<std::unique_ptr<JobQueueUnderTest>()>;

class JobQueueConformance : public testing::TestWithParam<JobQueueFactory> {
 protected:
  void SetUp() override;

  // Message number `split` of a job; jobs are "job-1" …
  QueueMessage message(std::uint32_t split, std::int32_t priority = 0, const std::string& job = "job-1",
                       const std::string& tenant = "default");
  void enqueue(const std::vector<QueueMessage>& messages);
  // Whatever is there now; none where there is nothing.
  std::optional<Reservation> take(std::chrono::milliseconds hold);
  // The next one, waited for as long as it takes.
  Reservation await(JobQueue& queue, std::chrono::milliseconds hold);
  QueueHealth health();
  // Until `true_now`, which asks the queue, holds.
  void until(const std::function<bool()>& true_now);

  std::unique_ptr<JobQueueUnderTest> place_;
  std::shared_ptr<JobQueue> queue_;
};

}  // namespace sluice
