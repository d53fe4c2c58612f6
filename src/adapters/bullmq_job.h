// BullmqJob: a job as BullMQ's Redis keys hold it, and what its options ask of whoever works on it. Values:
// any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace sluice {

struct BullmqNewJob {
  std::string id;  // no ':' in it, unless two of them; "": a number that the queue gives
  std::string name;
  std::string data;            // JSON
  std::uint32_t priority = 0;  // 1 to 2097152, the lowest first; 0: none, and before all that have one
  std::chrono::milliseconds delay{0};
  std::string options =
      "{}";  // JSON: further options as BullMQ stores them, such as "attempts" and "backoff"
};

struct BullmqJob {
  std::string id, name, data;
  std::map<std::string, std::string> fields;  // all of the job's hash, by BullMQ's names

  std::string field(const std::string& field_name) const;
};

// How long a finished job stays, where its own options do not say it.
struct BullmqRetention {
  std::int64_t count = -1;      // the newest; -1: all
  std::chrono::seconds age{0};  // 0: for ever
};

// What comes after an attempt that failed: none where it was the last; `random`: 0 to 1, for jitter.
struct BullmqNextTry {
  std::chrono::milliseconds delay{0};
  bool in_front = false;  // `lifo`, where there is no delay
};
std::optional<BullmqNextTry> bullmq_next_try(const BullmqJob& job, double random);

// BullMQ's "keepJobs" for a job that ends; `option` is removeOnComplete or removeOnFail.
nlohmann::json bullmq_keep(const BullmqJob& job, const char* option, const BullmqRetention& otherwise);

// The job's options; an object, empty where they are none.
nlohmann::json bullmq_options(const BullmqJob& job);

// The moment after `after` at which a pattern of cron's, perhaps with seconds in front, fits in a zone of
// IANA's; none: never again. Usage errors where either is not understood.
using BullmqCron = Result<std::optional<WallTime>> (*)(const std::string& pattern, const std::string& zone,
                                                       WallTime after);

// What a job that a scheduler has made says of the next one.
struct BullmqIteration {
  std::string scheduler;
  std::optional<std::int64_t> next_ms;  // since 1970; none: the scheduler's own interval says it
  std::string options;                  // of the next job: msgpack
};
// None where the job comes from no scheduler, or was its last.
Result<std::optional<BullmqIteration>> bullmq_next_iteration(const BullmqJob& job, std::int64_t now_ms,
                                                             BullmqCron cron);

}  // namespace sluice
