// RetentionStore over either database.
#pragma once

#include "adapters/sql_database.h"
#include "ports/retention_store.h"

namespace sluice {

class SqlRetentionStore final : public RetentionStore {
 public:
  explicit SqlRetentionStore(SqlDatabase& database) : database_(database) {}

  Result<std::vector<EndedJob>> ended(std::int64_t from_ms, std::chrono::milliseconds age,
                                      std::size_t limit) override;
  Result<std::int64_t> mark(const std::string& what) override;
  Result<> set_mark(const std::string& what, std::int64_t ended_ms) override;
  Result<std::size_t> remove_rejects(const std::string& job_id, std::size_t limit) override;
  Result<std::size_t> remove_keys(std::chrono::milliseconds age, std::size_t limit) override;

 private:
  Result<std::string> so_long_ago(std::chrono::milliseconds age);  // by the database's clock

  SqlDatabase& database_;
};

}  // namespace sluice
