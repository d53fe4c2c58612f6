// QueryStore on PostgreSQL: rejects, outcomes, kept pipelines. Thread-safe.
#pragma once

#include "adapters/pg_pool.h"
#include "ports/store.h"

namespace sluice {

class PostgresQueryStore final : public QueryStore {
 public:
  explicit PostgresQueryStore(PgPool& pool) : pool_(pool) {}

  Result<> each_reject(const std::string& job_id,
                       const std::function<bool(const StoredReject&)>& visit) override;
  Result<Outcome> outcome(const std::string& job_id, std::uint64_t row_number) override;
  Result<std::optional<KeptPipeline>> pipeline(const std::string& tenant, const std::string& name) override;
  Result<> keep_pipeline(const std::string& tenant, const KeptPipeline& pipeline) override;

 private:
  PgPool& pool_;
};

}  // namespace sluice
