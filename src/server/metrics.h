// Metrics: what /metrics tells Prometheus: rows, bytes, rejects, commits, jobs, leases, queue, backlog, HTTP.
// Counters are of this node since it started; the queue's depth and the backlog are asked for when they are
// read. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "jobs/service.h"
#include "ports/job_queue.h"
#include "server/http_server.h"

namespace sluice {

class Metrics : public WorkObserver {
 public:
  static std::unique_ptr<Metrics> make();
  virtual void served(const Served& served) = 0;
  // In the Prometheus text format (version 0.0.4).
  virtual Result<std::string> text(JobQueue& queue, JobStatistics& statistics) = 0;
};

}  // namespace sluice
