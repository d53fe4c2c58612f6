// JobQueue in tables beside the jobs, on either database: the embedded queue.
#pragma once

#include "adapters/sql_database.h"
#include "adapters/sql_signals.h"
#include "ports/job_queue.h"

namespace sluice {

class SqlJobQueue final : public JobQueue {
 public:
  SqlJobQueue(SqlDatabase& database, SqlSignals& signals) : database_(database), signals_(signals) {}

  Result<> enqueue(std::span<const QueueMessage> messages) override;
  Result<std::optional<Reservation>> reserve(const std::string& worker, std::chrono::milliseconds hold,
                                             std::chrono::milliseconds wait, std::stop_token stop) override;
  Result<> extend(const Reservation& reservation, std::chrono::milliseconds hold) override;
  Result<> complete(const Reservation& reservation) override;
  Result<> put_back(const Reservation& reservation, std::chrono::milliseconds delay) override;
  Result<> give_back_of(const std::function<bool(const std::string& worker)>& is_dead) override;
  Result<> withdraw(const std::string& job_id) override;
  Result<> pause() override { return set_paused(true); }
  Result<> resume() override { return set_paused(false); }
  Result<QueueHealth> health() override;

 private:
  // How long until some message may be reserved: 0 where there is one now, none while nobody knows.
  Result<std::optional<std::chrono::milliseconds>> until_ready();
  Result<std::optional<Reservation>> claim(const std::string& worker, std::chrono::milliseconds hold);
  Result<> set_paused(bool paused);

  SqlDatabase& database_;
  SqlSignals& signals_;
};

}  // namespace sluice
