// ScheduleStore: jobs that begin by the clock. jobs/scheduler.h decides when; here is kept what and until
// when. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

struct Schedule {
  std::string id, tenant, name, pipeline;
  std::string cron;    // five fields, in `zone`; "" where `at` is given
  std::string zone;    // IANA name; "UTC"
  std::string at;      // RFC 3339 UTC: once; "" where `cron` is given
  std::string source;  // a blob's URL, or a prefix ("…/"): each new file below it is a job
  std::string metadata;
  bool enabled = true;
  std::int64_t next_run_ms = 0;  // since 1970; 0: never again
  std::string last_run_at, last_job_id, last_error;
  std::string created_at, created_by;
  std::int64_t read_at_ms = 0;  // when it was read, by the database's clock
};

class ScheduleStore {
 public:
  virtual ~ScheduleStore() = default;
  virtual Result<> put(const Schedule& schedule) = 0;  // by id; new or changed
  virtual Result<std::vector<Schedule>> list(const std::string& tenant) = 0;
  virtual Result<std::optional<Schedule>> get(const std::string& tenant, const std::string& id) = 0;
  virtual Result<> remove(const std::string& tenant, const std::string& id) = 0;  // not_found
  // Those whose time has come, by the database's clock.
  virtual Result<std::vector<Schedule>> due(std::size_t limit) = 0;
  // Those of every tenant, enabled, whose source is a prefix of this blob's place ("blob:KEY").
  virtual Result<std::vector<Schedule>> watching(const std::string& place) = 0;
  // Moves next_run_ms on from what it was; false where another node has done so, whose run it is then.
  virtual Result<bool> claim(const Schedule& schedule, std::int64_t next_run_ms) = 0;
  virtual Result<> note_run(const std::string& id, const std::string& job_id, const std::string& error) = 0;
};

}  // namespace sluice
