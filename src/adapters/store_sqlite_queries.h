// QueryStore on SQLite: rejects, outcomes, kept pipelines. Thread-safe; reads never wait for a batch.
#pragma once

#include "adapters/store_sqlite_database.h"
#include "ports/store.h"

namespace sluice {

class SqliteQueryStore final : public QueryStore {
 public:
  explicit SqliteQueryStore(SqliteDatabase& database) : database_(database) {}

  Result<> each_reject(const std::string& job_id,
                       const std::function<bool(const StoredReject&)>& visit) override;
  Result<Outcome> outcome(const std::string& job_id, std::uint64_t row_number) override;
  Result<std::optional<KeptPipeline>> pipeline(const std::string& tenant, const std::string& name) override;
  Result<> keep_pipeline(const std::string& tenant, const KeptPipeline& pipeline) override;

 private:
  SqliteDatabase& database_;
};

}  // namespace sluice
