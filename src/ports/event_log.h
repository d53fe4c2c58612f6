// EventLog: what happened to jobs, in the order in which it was committed (contract, section 9). The store
// writes an event in the transaction that makes it true; here it is numbered and read. Numbers rise without
// an event ever appearing below one that was read, so a reader that goes on after number N misses none.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

struct Event {
  std::uint64_t number = 0;
  std::string id;    // UUID: the CloudEvents id
  std::string type;  // "job.started", "rows.processed", "job.completed", "job.failed", "job.cancelled"
  std::string tenant, job_id, pipeline;
  std::string time;  // RFC 3339 UTC
  std::string data;  // JSON object
};

struct EventFilter {
  std::string tenant;
  std::string job_id;         // "": every job
  bool every_tenant = false;  // for the node's own parts (webhooks), never for a request; `tenant` is ignored
};

class EventLog {
 public:
  virtual ~EventLog() = default;
  // Gives numbers to what was committed since; cheap where there is nothing. Any node may call it at any
  // time: one at a time does the work. True where there was something.
  virtual Result<bool> number_new() = 0;
  // Up to `limit` numbered events after `after`, rising. `gone` where events after `after` were removed; from
  // 0 on it begins with the oldest there is.
  virtual Result<std::vector<Event>> read(const EventFilter& filter, std::uint64_t after,
                                          std::size_t limit) = 0;
  virtual Result<std::uint64_t> newest() = 0;  // 0: none yet
  // Returns when there may be something new, from whatever process, or after `wait`, or on a stop request.
  virtual Result<> wait_for_more(std::uint64_t after, std::chrono::milliseconds wait,
                                 std::stop_token stop) = 0;
  // A reader outside, such as a queue of other programs, remembers here how far it is: `holder` has the place
  // for `hold` unless another has it now (none). Whoever reads for the first time begins with what comes
  // next.
  virtual Result<std::optional<std::uint64_t>> hold_place(const std::string& reader,
                                                          const std::string& holder,
                                                          std::chrono::milliseconds hold) = 0;
  // Conflict where another has taken the place meanwhile.
  virtual Result<> move_place(const std::string& reader, const std::string& holder, std::uint64_t to) = 0;
  // Removes what is older, of jobs that have ended.
  virtual Result<> remove_before(std::chrono::milliseconds age) = 0;
};

}  // namespace sluice
