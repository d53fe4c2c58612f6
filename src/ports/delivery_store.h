// DeliveryStore: events on their way to webhooks: what was not delivered yet, when it is tried next, and what
// was given up. jobs/webhooks.h delivers. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

struct Delivery {
  std::int64_t id = 0;
  std::string tenant, job_id, url;
  std::uint32_t webhook_number = 0;  // which of the pipeline's webhooks, as frozen in the job's plan
  std::uint64_t event_number = 0;
  std::string event;           // the CloudEvent, JSON
  std::uint32_t attempts = 0;  // that failed
  std::string last_error;
};

class DeliveryStore {
 public:
  virtual ~DeliveryStore() = default;
  // Events up to this number have their deliveries made. `add_from` moves it on in one transaction with the
  // deliveries, and changes nothing (false) where another node has moved it meanwhile.
  virtual Result<std::uint64_t> made_until() = 0;
  virtual Result<bool> add_from(std::uint64_t from, std::uint64_t until,
                                const std::vector<Delivery>& deliveries) = 0;
  // Those that are due, reserved for `hold`; of one job and webhook only the oldest, so that order is kept.
  virtual Result<std::vector<Delivery>> reserve(std::size_t limit, std::chrono::milliseconds hold) = 0;
  virtual Result<> delivered(std::int64_t id) = 0;
  virtual Result<> try_again(std::int64_t id, std::chrono::milliseconds delay, const std::string& error) = 0;
  virtual Result<> give_up(std::int64_t id, const std::string& error) = 0;  // a dead letter
  virtual Result<std::vector<Delivery>> dead(const std::string& tenant, std::size_t limit) = 0;
  virtual Result<> replay(const std::string& tenant) = 0;  // the dead ones once more
};

}  // namespace sluice
