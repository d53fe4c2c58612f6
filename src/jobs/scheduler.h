// Scheduler: jobs that begin by the clock. A schedule that is due is submitted, and only then moved on to its
// next run: a node that dies in between leaves it due, and what was submitted already is known by its
// idempotency key. What became due while no node ran is run once. Every node has one; the store sees to it
// that a run is counted once.
#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "jobs/service.h"
#include "jobs/ticking.h"

namespace sluice {

// The next time of a schedule after that moment, in milliseconds since 1970; 0: never. Errors (usage): its
// cron, zone or time cannot be read.
Result<std::int64_t> next_run_ms(const Schedule& schedule, WallTime after);

// Can it be kept? Its times, its source ("blob:KEY", or "blob:PREFIX/" that is watched) and its pipeline;
// sets next_run_ms. Errors as submit_job's.
Result<> prepare_schedule(Service& service, Schedule& schedule, WallTime now);

// What is done; not thread-safe.
class Scheduler {
 public:
  explicit Scheduler(Service& service) : service_(service) {}

  // Runs what is due. True: there may be more.
  Result<bool> run_due(std::stop_token stop);
  // A blob has come, whole: it becomes a job of each schedule that watches its prefix, unless it is one.
  Result<> arrived(const std::string& key);

 private:
  struct Run;
  Result<> run(const Schedule& schedule, std::stop_token stop);
  Result<std::vector<BlobInfo>> files_of(const Schedule& schedule);
  void submit(const Schedule& schedule, const BlobInfo& file, Run& run);

  Service& service_;
  // Of watched prefixes, by schedule: files that became jobs, so that the store is not asked again each time.
  std::map<std::string, std::set<std::string>> submitted_;
};

class SchedulerThread {
 public:
  explicit SchedulerThread(Service& service);

 private:
  Scheduler scheduler_;
  Ticking ticking_;
};

}  // namespace sluice
