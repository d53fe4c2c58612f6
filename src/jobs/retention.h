// Retention: clears away what nobody needs any more: files and rejects of jobs that ended long ago, old
// events, idempotency keys, uploads that were given up, files that never became a job. Never unfinished work,
// never stored rows, never audit_log, and never a file that was not uploaded here. Every node does it, in
// small steps; doing it twice does no harm.
#pragma once

#include <chrono>
#include <stop_token>

#include "jobs/service.h"
#include "jobs/ticking.h"

namespace sluice {

struct RetentionAges {  // after the end of the job
  std::chrono::milliseconds blobs = std::chrono::hours(24 * 7);
  std::chrono::milliseconds rejects = std::chrono::hours(24 * 90);
  std::chrono::milliseconds events = std::chrono::hours(24 * 30);
  std::chrono::milliseconds idempotency_keys = std::chrono::hours(24 * 30);
};

class Retention {
 public:
  Retention(Service& service, const RetentionAges& ages) : service_(service), ages_(ages) {}
  // Everything that is due; what fails does not keep the rest from being done. The first error.
  Result<> clear(std::stop_token stop);

 private:
  Result<> clear_files(std::stop_token stop);
  Result<> clear_rejects(std::stop_token stop);
  Result<> clear_events();
  Result<> clear_keys(std::stop_token stop);

  Service& service_;
  const RetentionAges ages_;
};

class RetentionThread {
 public:
  RetentionThread(Service& service, const RetentionAges& ages);

 private:
  Retention retention_;
  Ticking ticking_;
};

}  // namespace sluice
