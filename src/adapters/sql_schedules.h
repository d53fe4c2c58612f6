// ScheduleStore on either database.
#pragma once

#include "adapters/sql_database.h"
#include "ports/schedule_store.h"

namespace sluice {

class SqlScheduleStore final : public ScheduleStore {
 public:
  explicit SqlScheduleStore(SqlDatabase& database) : database_(database) {}

  Result<> put(const Schedule& schedule) override;
  Result<std::vector<Schedule>> list(const std::string& tenant) override;
  Result<std::optional<Schedule>> get(const std::string& tenant, const std::string& id) override;
  Result<> remove(const std::string& tenant, const std::string& id) override;
  Result<std::vector<Schedule>> due(std::size_t limit) override;
  Result<std::vector<Schedule>> watching(const std::string& place) override;
  Result<bool> claim(const Schedule& schedule, std::int64_t next_run_ms) override;
  Result<> note_run(const std::string& id, const std::string& job_id, const std::string& error) override;

 private:
  Result<std::vector<Schedule>> select(const std::string& condition, const SqlParams& params);
  SqlDatabase& database_;
};

}  // namespace sluice
